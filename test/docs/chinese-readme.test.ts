// The Chinese README covers four English documents: it has a section for each of theirs. Its code, figures and names must be
// the same as theirs. Comments in code are translated.
import t from 'tap'
import { readDocument, type Table, tableUnder } from './support/markdown.ts'
import { commandOptionsUnder, optionsUnder } from './support/option-headings.ts'

const CHINESE = readDocument('README.zh-CN.md')
const ROOT = readDocument('README.md')
const PLUGIN = readDocument('plugin/README.md')
const CLIENT = readDocument('demo-client/README.md')
const SERVER = readDocument('demo-server/README.md')

/** As the Chinese table writes them. */
const CLIENT_OPTIONS: Table['rows'] = commandOptionsUnder(CLIENT.text, 'Options').map(
  ({ spelling, defaultValue }) => ({
    option: spelling.replace(/^(-\w), /, '`$1`, `').replace(/^(?=-)|$/g, '`'),
    default: /^[\d.]/.test(defaultValue) ? `\`${defaultValue}\`` : defaultValue,
  }),
)

const LIBRARY_OPTIONS: Table['rows'] = optionsUnder(CLIENT.text, 'Download options').map(
  ({ name, defaultValue }) => ({
    option: `\`${name}\``,
    default: /^(?:chosen|none|the URL|environment)$/.test(defaultValue) ? '' : `\`${defaultValue}\``,
  }),
)

type Row = Table['rows'][number]

/** The tables under a Chinese heading, in order. */
const chineseTables = (heading: string): Table['rows'][] =>
  CHINESE.tables.filter((table) => table.heading === heading).map(({ rows }) => rows)

const cells = (row: Row | undefined): string[] => Object.values(row ?? {})
const withoutComments = (code: string): string => code.replace(/\/\/ .*$/gm, '//')
/** The parts of a cell that are not translated: code and numbers. */
const fixed = (cell: string): string[] => [...(cell.match(/`[^`]+`|\d[\d._]*/g) ?? [])].sort()

t.test(
  'the Chinese README has the blocks of README.md, in order, and others only from the packages',
  async (t) => {
    const shared = ROOT.blocks.map(({ text }) => text)
    const others = [PLUGIN, CLIENT, SERVER].flatMap(({ blocks }) => blocks)
    const known = new Set(others.map(({ text }) => withoutComments(text)))
    t.strictSame(
      CHINESE.blocks.map(({ text }) => text).filter((text) => shared.includes(text)),
      shared,
    )
    for (const { text } of CHINESE.blocks)
      t.ok(shared.includes(text) || known.has(withoutComments(text)), text)
  },
)

for (const { chinese, index = 0, english } of [
  { chinese: '开销', english: tableUnder(ROOT, 'What it costs') },
  { chinese: '开销', index: 1, english: tableUnder(CLIENT, 'What it costs') },
]) {
  t.test(`"${chinese}" has the figures of the English table (${index})`, async (t) => {
    const rows = chineseTables(chinese)[index] ?? []
    t.strictSame(
      rows.map((row) => cells(row).slice(1)),
      english.map((row) => cells(row).slice(1)),
    )
  })
}

interface SharedNames {
  readonly chinese: string
  readonly english: Table['rows']
  readonly columns: Readonly<Record<string, string>>
}

const SHARED_NAMES: readonly SharedNames[] = [
  { chinese: '状态码', english: tableUnder(PLUGIN, 'Statuses'), columns: { 状态码: 'status' } },
  {
    chinese: '插件选项',
    english: optionsUnder(PLUGIN.text, 'Options').map(({ name, defaultValue }) => ({
      option: `\`${name}\``,
      default: `\`${defaultValue}\``,
    })),
    columns: { 选项: 'option', 默认值: 'default' },
  },
  { chinese: '错误码', english: tableUnder(PLUGIN, 'Errors'), columns: { 错误码: 'code', 状态码: 'status' } },
  { chinese: '事件', english: tableUnder(PLUGIN, 'Events'), columns: { 属性: 'property' } },
  { chinese: '下载器选项', english: CLIENT_OPTIONS, columns: { 选项: 'option' } },
  { chinese: '库的选项', english: LIBRARY_OPTIONS, columns: { 选项: 'option' } },
  {
    chinese: '退出码',
    english: tableUnder(CLIENT, 'Exit statuses'),
    columns: { 退出码: 'status', 错误码: 'code' },
  },
]

for (const { chinese, english, columns } of SHARED_NAMES) {
  t.test(`"${chinese}" has the rows and names of the English table`, async (t) => {
    const rows = chineseTables(chinese)[0] ?? []
    for (const [ours, theirs] of Object.entries(columns))
      t.strictSame(
        rows.map((row) => row[ours]),
        english.map((row) => row[theirs]),
        ours,
      )
  })
}

for (const { chinese, english } of [
  { chinese: '下载器选项', english: CLIENT_OPTIONS },
  { chinese: '库的选项', english: LIBRARY_OPTIONS },
]) {
  t.test(`"${chinese}" has the code and numbers of the English defaults`, async (t) => {
    const rows = chineseTables(chinese)[0] ?? []
    for (const [index, row] of english.entries())
      t.strictSame(fixed(rows[index]?.['默认值'] ?? ''), fixed(row['default'] ?? ''), String(row['option']))
  })
}

t.test('the comparisons translate each English cell, with the same words in every row', async (t) => {
  const rows = ['与其他服务器对比', '文件旁边的压缩文件', '在对象存储前面'].flatMap(
    (heading) => chineseTables(heading)[0] ?? [],
  )
  const english = ['Compared', 'Compressed files beside the file', 'Before an object store'].flatMap(
    (heading) => tableUnder(PLUGIN, heading),
  )
  t.equal(rows.length, english.length)
  const words = new Map<string, string>()
  for (const [index, row] of english.entries()) {
    const [name = '', ...found] = cells(rows[index])
    const [theirName = '', ...expected] = cells(row)
    t.strictSame(fixed(name), fixed(theirName))
    for (const [column, cell] of expected.entries()) {
      const translation = found[column] ?? ''
      t.equal(words.get(cell) ?? translation, translation, `${theirName}: ${cell}`)
      t.strictSame(fixed(translation), fixed(cell), theirName)
      words.set(cell, translation)
    }
  }
  t.equal(new Set(words.values()).size, words.size, 'two English cells have two translations')
})

/** The sections of each English document, and where the Chinese README has what they say. */
const COUNTERPARTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': {
    'fastify-send-range': 'fastify-send-range',
    'See it': '先看效果',
    'Use it': '使用',
    'What it costs': '开销',
    'What is here': '仓库里有什么',
    'Test it': '测试',
    More: '更多',
  },
  'plugin/README.md': {
    'fastify-send-range': '插件',
    Install: '插件的安装',
    Usage: '插件的用法',
    'Your own route': '自己的路由',
    Compared: '与其他服务器对比',
    'Compressed files beside the file': '文件旁边的压缩文件',
    'Before an object store': '在对象存储前面',
    API: '全部 API',
    'fastify.register(rangePlugin, options?)': 'fastify.register(rangePlugin, options?)',
    'fastify.register(rangeRoutes, options)': 'fastify.register(rangeRoutes, options)',
    'reply.sendRange(path, options?)': 'reply.sendRange(path, options?)',
    Options: '插件选项',
    'Slow clients': '慢客户端',
    Digests: '摘要',
    Statuses: '状态码',
    Errors: '错误码',
    Events: '事件',
    Recipes: '常见用法',
    'Coming from @fastify/static': '从 @fastify/static 迁移',
    'Coming from res.sendFile and res.download': '从 res.sendFile 和 res.download 迁移',
    'Private files': '私有文件',
    'Signed links': '签名链接',
    'Downloads with names': '带文件名的下载',
    'Downloads that are proven': '有凭据的下载',
    Video: '视频',
    'Another origin: PDF.js, PMTiles, DuckDB': '跨源：PDF.js、PMTiles、DuckDB',
    'Caching by path': '按路径缓存',
    'Something else in place of a 404': '用别的内容代替 404',
    'Several roots': '多个根目录',
    'Precompressed files': '预压缩文件',
    'Uploads that resume, with tus': '用 tus 续传的上传',
    'Spellings of a URL': 'URL 的写法',
    'An encoded slash in a parameter': '参数中编码的斜杠',
    'Bytes in memory': '内存中的字节',
    'Your own source': '自己的数据源',
    'Files, then a bucket': '先找文件，再找存储桶',
    'Files in S3, R2, MinIO, …': 'S3、R2、MinIO 等存储里的文件',
    'What the store answers': '存储的回答',
    'With the client of an SDK': '使用 SDK 的客户端',
    'Another server as a store': '把另一个服务器当作存储',
    'With @fastify/compress': '与 @fastify/compress 一起使用',
    'With onSend hooks': '与 onSend 钩子一起使用',
    'A rate for each answer': '每个响应的速率',
    'Metrics: Prometheus': '指标：Prometheus',
    'Metrics: OpenTelemetry': '指标：OpenTelemetry',
    'Tests with Jest': '用 Jest 测试',
    'HTTP/2': 'HTTP/2',
    'Behind nginx': '在 nginx 后面',
    'A CDN in front': '前面有 CDN',
    'nginx or Apache sends the bytes': '由 nginx 或 Apache 发送字节',
    'What counts as a change': '什么算作变化',
    'What it does not do': '插件不做的事',
    'What it costs': '开销',
    Compatibility: '兼容性',
    More: '更多',
  },
  'demo-client/README.md': {
    'range-get': '下载器 range-get',
    Install: '下载器的安装',
    Usage: '下载器的用法',
    Options: '下载器选项',
    'Completion and manual page': '补全和手册页',
    'Exit statuses': '退出码',
    'Several files': '多个文件',
    'Files of checksums': '校验和文件',
    Metalinks: 'Metalink',
    Library: '作为库使用',
    'All of the library': '库的全部 API',
    'download(url, destination, options?)': 'download(url, destination, options?)',
    'downloadAll(files, options?)': 'downloadAll(files, options?)',
    'readMetalink(document, options?)': 'readMetalink(document, options?)',
    'verifyFile(path, checksum, options?)': 'verifyFile(path, checksum, options?)',
    'Download options': '库的选项',
    Progress: '进度',
    Result: '结果',
    Errors: '下载错误',
    'Pausing and stopping': '暂停和停止',
    'Standard output and streams': '标准输出和流',
    Proxies: '代理',
    Certificates: '证书',
    'Passwords from a netrc file': 'netrc 文件里的密码',
    Cookies: 'Cookie',
    'What lies on disk': '磁盘上的文件',
    'File systems': '文件系统',
    'Few file descriptors': '文件描述符不足',
    'Which digests are checked': '核对哪些摘要',
    'When are two answers of one version?': '什么时候两个响应属于同一版本',
    'Again only if changed': '只在有变化时重新下载',
    'Several servers for one file': '一个文件，几个服务器',
    'A page in place of a file': '代替文件的网页',
    'What it costs': '开销',
    'What it does not do': '下载器不做的事',
    More: '更多',
  },
  'demo-server/README.md': {
    'The demo server': '演示服务器',
    'The page': '演示页面',
    'The command': '演示服务器的命令',
    'From a bucket': '从存储桶读取',
    'What it is made of': '演示服务器的组成',
  },
}

/**
 * The paragraphs, lists and tables below each heading. What is below the heading of one option belongs to the heading of
 * all of them: the Chinese README has a row for it.
 */
function proseOf(text: string): Map<string, string> {
  const prose = new Map<string, string>()
  let heading = ''
  for (const line of text.replace(/^```[\s\S]*?^```$/gm, '').split('\n')) {
    const [, level = '', name = ''] = /^(#+) (.*)$/.exec(line) ?? []
    if (name !== '' && !(level === '####' && /options$/i.test(heading))) heading = name
    // The list of links to the options is not prose.
    if (name === '' && !/^\[`[\w-]+`\]\(#/.test(line))
      prose.set(heading, `${prose.get(heading) ?? ''}${line}\n`)
  }
  return prose
}

const CODE = /`[^`\n]+`/g
const codeOf = (prose: string): string[] => prose.replaceAll('\\|', '|').match(CODE) ?? []
const numbersOf = (prose: string): string[] =>
  prose
    .replace(CODE, ' ')
    .replace(/\]\(\S*\)/g, ' ')
    .match(/\d+(?:\.\d+)*/g) ?? []

const without = (expected: readonly string[], found: readonly string[]): string[] =>
  expected.filter((each) => !found.includes(each))

const chineseProse = proseOf(CHINESE.text)

for (const { chinese, english } of [
  { chinese: '插件选项', english: optionsUnder(PLUGIN.text, 'Options') },
  { chinese: '库的选项', english: optionsUnder(CLIENT.text, 'Download options') },
]) {
  t.test(`each row of "${chinese}" has the type, the code and the numbers of the English text`, async (t) => {
    const rows = chineseTables(chinese)[0] ?? []
    for (const [index, { name, type, meaning }] of english.entries()) {
      const row = cells(rows[index]).join(' ')
      t.strictSame(without([`\`${type}\``, ...codeOf(meaning)], codeOf(row)), [], name)
      t.strictSame(without(numbersOf(meaning), numbersOf(row)), [], name)
    }
  })
}

for (const [path, counterparts] of Object.entries(COUNTERPARTS)) {
  const english = readDocument(path)
  const prose = proseOf(english.text)

  t.test(`each section of ${path} has a counterpart`, async (t) => {
    t.strictSame([...prose.keys()], Object.keys(counterparts))
    t.strictSame(without(Object.values(counterparts), CHINESE.headings), [])
  })

  t.test(`the Chinese text names each code and number of ${path}, in the same section`, async (t) => {
    for (const [heading, chinese] of Object.entries(counterparts)) {
      // It consists of links to other documents.
      if (heading === 'More') continue
      const theirs = prose.get(heading) ?? ''
      const ours = chineseProse.get(chinese) ?? ''
      t.strictSame(without(codeOf(theirs), codeOf(ours)), [], `${heading} -> ${chinese}`)
      t.strictSame(without(numbersOf(theirs), numbersOf(ours)), [], `${heading} -> ${chinese}`)
    }
  })

  t.test(`each block of ${path} is in the Chinese README`, async (t) => {
    const ours = CHINESE.blocks.map(({ text }) => withoutComments(text))
    for (const { heading, text } of english.blocks) {
      // The plugin is installed together with range-get, and its text has the commands.
      if (path === 'plugin/README.md' && heading === 'Install') continue
      t.ok(ours.includes(withoutComments(text)), `${heading}: ${text}`)
    }
  })

  t.test(`each table of ${path} has its rows in the Chinese README`, async (t) => {
    for (const [heading, chinese] of Object.entries(counterparts)) {
      // Two documents have their tables under one Chinese heading: see above.
      if (heading === 'What it costs') continue
      const tables = english.tables.filter((table) => table.heading === heading)
      const ours = chineseTables(chinese)
      for (const [index, { rows }] of tables.entries())
        t.strictSame(
          (ours[index] ?? []).map((row) => fixed(cells(row)[0] ?? '')),
          rows.map((row) => fixed(cells(row)[0] ?? '')),
          `${heading} -> ${chinese}`,
        )
    }
  })
}
