// The Chinese README covers three English documents. Its code, figures and names must be the same as theirs. Comments in
// code are translated.
import t from 'tap'
import { readDocument, type Table, tableUnder } from './support/markdown.ts'
import { commandOptionsUnder, optionsUnder } from './support/option-headings.ts'

const CHINESE = readDocument('README.zh-CN.md')
const ROOT = readDocument('README.md')
const PLUGIN = readDocument('plugin/README.md')
const CLIENT = readDocument('demo-client/README.md')

/** As the Chinese table writes them. */
const CLIENT_OPTIONS: Table['rows'] = commandOptionsUnder(CLIENT.text, 'Options').map(
  ({ spelling, defaultValue }) => ({
    option: spelling.replace(/^(-\w), /, '`$1`, `').replace(/^(?=-)|$/g, '`'),
    default: /^[\d.]/.test(defaultValue) ? `\`${defaultValue}\`` : defaultValue,
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
    const known = new Set([...PLUGIN.blocks, ...CLIENT.blocks].map(({ text }) => withoutComments(text)))
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
  {
    chinese: '退出码',
    english: tableUnder(CLIENT, 'Exit statuses'),
    columns: { 退出码: 'status', 错误码: 'code' },
  },
]

t.test('the Chinese README has the blocks in which the packages show their whole API', async (t) => {
  const translated = CHINESE.blocks.map(({ text }) => withoutComments(text))
  for (const { heading, text } of [...PLUGIN.blocks, ...CLIENT.blocks]) {
    if (heading === 'API' || heading === 'All of the library')
      t.ok(translated.includes(withoutComments(text)), heading)
  }
})

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

t.test('"下载器选项" has the numbers of the English table as defaults', async (t) => {
  const rows = chineseTables('下载器选项')[0] ?? []
  for (const [index, row] of CLIENT_OPTIONS.entries())
    t.strictSame(fixed(rows[index]?.['默认值'] ?? ''), fixed(row['default'] ?? ''), String(row['option']))
})

t.test('"与其他服务器对比" translates each English cell, with the same words in every row', async (t) => {
  const rows = chineseTables('与其他服务器对比')[0] ?? []
  const english = tableUnder(PLUGIN, 'Compared')
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
