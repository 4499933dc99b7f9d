import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DownloadProgress } from 'range-get'
import t, { type Test } from 'tap'
import { parseCommand } from '#client/command/arguments.js'
import { EXIT_STATUS, EXIT_STATUS_HELP } from '#client/command/exit-status.js'
import { HELP } from '#client/command/help.js'
import { OPTION_LIST } from '#client/command/option-table.js'
import { spellingOf } from '#client/command/parse-options.js'
import { ANY_BYTES, BINARY_FORMATS } from '#client/content/file-formats.js'
import { batchSettingsOf } from '#client/download-all-options.js'
import { settingsOf } from '#client/options.js'
import { NUMBER_LIMITS } from '#client/text/option-limits.js'
import { progressLine } from '#client/text/progress-line.js'
import { plainStyle } from '#client/text/style.js'
import { CLI } from '../support/cli.ts'
import { REPOSITORY } from '../support/repository.ts'
import { declarationOf } from './api/declaration.ts'
import { membersOf, unionOf } from './support/declarations.ts'
import { plain, readDocument, tableUnder } from './support/markdown.ts'
import { commandOptionsUnder, linksUnder, optionsUnder, partsOf } from './support/option-headings.ts'
import { runCommand, runRangeGet } from './support/programs.ts'
import { projectFolder } from './support/snippet.ts'

const README = readDocument('demo-client/README.md')
const CONTENT = 'hello, ranges'
const HOST = 'https://example.com'
const GIB = 1024 ** 3

const declarations = (name: string): string =>
  readFileSync(`${REPOSITORY}demo-client/dist/${name}.d.ts`, 'utf8')

/** The Metalink of the README. */
const document = (origin: string): string =>
  (/`(<metalink[\s\S]*?)`/.exec(README.text)?.[1] ?? '').replaceAll(HOST, origin)

/** Serves the file that the README downloads from example.com. */
async function serve(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    if (request.url === '/file.iso.meta4') response.end(document(`http://${request.headers.host}`))
    else if (request.url !== '/file.iso') response.writeHead(404).end()
    else if (match === null) response.writeHead(200, { etag: '"v1"', 'content-length': 13 }).end(CONTENT)
    else {
      const first = Number(match[1])
      const last = Math.min(match[2] === '' ? 12 : Number(match[2]), 12)
      const head = {
        etag: '"v1"',
        'content-range': `bytes ${first}-${last}/13`,
        'content-length': last - first + 1,
      }
      response.writeHead(206, head).end(CONTENT.slice(first, last + 1))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function run(t: Test, command: string): Promise<{ printed: string; folder: string; origin: string }> {
  const folder = await projectFolder(t)
  const origin = await serve(t)
  const { stdout, stderr } = await runRangeGet(command.replaceAll(HOST, origin), folder)
  return { printed: stdout + stderr, folder, origin }
}

const commands = README.blocks.filter(({ language, text }) => language === 'sh' && text.startsWith('npx'))

t.test('every block of the README is run here: its language is known', async (t) => {
  t.strictSame([...new Set(README.blocks.map(({ language }) => language))].sort(), [
    'js',
    'json',
    'sh',
    'text',
  ])
  t.strictSame(
    README.blocks.filter(({ language }) => language === 'sh').map(({ text }) => text.split(' ')[0]),
    ['npx', 'npm', 'npx', 'npx', 'source', 'npx', 'npx', 'npx', 'npx', 'npx', 'npx', 'npx'],
  )
})

t.test('"Install" prints the help', async (t) => {
  const { printed } = await run(t, commands[0]?.text ?? '')
  t.equal(printed, `${HELP}\n`)
})

/** The text without the numbers that differ with each run. */
function withoutTimes(text = ''): string {
  return text.replace(/[\d.]+ s \([\d.]+ [KM]?i?B\/s\)/, 'N s (N B/s)')
}

t.test('the line of "Completion and manual page" makes bash complete the options', async (t) => {
  const line = README.blocks.find(({ text }) => text.startsWith('source'))?.text ?? ''
  const script = line.replace('range-get', `"${process.execPath}" "${CLI}"`)
  const { stdout } = await runCommand(`bash -c '${script}; complete -p range-get'`, { cwd: t.testdir({}) })
  t.equal(stdout, 'complete -F _range_get range-get\n')
})

t.test('the commands of "Usage" print the shown text', async (t) => {
  const shown = README.blocks.filter(({ language }) => language === 'text').map(({ text }) => text)
  for (const [index, command] of commands.slice(1, 3).entries()) {
    const { printed, folder } = await run(t, command.text)
    t.equal(withoutTimes(printed.trim().split('\n').at(-1)), withoutTimes(shown[index]))
    t.equal(readdirSync(folder).length, 1, 'the file and nothing else')
  }
})

t.test('the commands of "Again only if changed" print the shown text', async (t) => {
  const under = README.blocks.filter(({ heading }) => heading === 'Again only if changed')
  const [command, shown] = under.map(({ text }) => text)
  const { printed, folder } = await run(t, command ?? '')
  t.equal(withoutTimes(printed.trim()), withoutTimes(shown))
  t.strictSame(readdirSync(folder).sort(), ['.copy.iso.range-get', 'copy.iso'])
})

t.test('the command of "Several servers for one file" fetches the file', async (t) => {
  const command = README.blocks.find(({ heading }) => heading === 'Several servers for one file')
  const { folder } = await run(t, (command?.text ?? '').replace('https://mirror.example', HOST))
  t.strictSame(readdirSync(folder), ['file.iso'])
})

t.test('the shown bar is the one of these numbers', async (t) => {
  const progress: DownloadProgress = {
    state: 'downloading',
    path: null,
    received: 2.4 * GIB,
    resumed: 0,
    total: 5.8 * GIB,
    speed: 38.1 * 1024 ** 2,
    eta: 92_000,
    connections: 4,
    retryIn: 0,
    attempt: 0,
    attempts: 0,
    message: '',
  }
  const view = { style: plainStyle('all'), turn: '', isBar: true, columns: 99 }
  const line = progressLine('ubuntu-24.04.3-desktop-amd64.iso', progress, view)
  t.ok(README.text.includes(`\`${line}\` is one on a terminal of 100 columns`), line)
  const waiting = { ...progress, state: 'waiting', attempt: 2, attempts: 6, retryIn: 900 } as const
  t.match(progressLine('f', waiting, view), 'attempt 2 of 6 in 1 s')
  t.ok(README.text.includes('`attempt 2 of 6 in 1 s`'))
})

t.test('the last line of --json is the shown object', async (t) => {
  const { printed, folder, origin } = await run(t, commands[3]?.text ?? '')
  const shown = README.blocks.find(({ language }) => language === 'json')?.text ?? ''
  const want = JSON.parse(shown.replace('/home/me', folder).replace(HOST, origin))
  const found: Record<string, unknown> = JSON.parse(printed)
  t.match(found, { duration: Number, speed: Number })
  t.strictSame({ ...found, duration: want.duration, speed: want.speed }, want)
  t.strictSame(Object.keys(found), Object.keys(want), 'in this order')
})

t.test('the list of "Several files" is read, and its files get these names', async (t) => {
  const folder = t.testdir({})
  const origin = await serve(t)
  const block = README.blocks.find(
    ({ heading, language }) => heading === 'Several files' && language === 'text',
  )
  const list = (block?.text ?? '').replace(/https:\/\/example\.com\/[\w.?=]+/g, `${origin}/file.iso`)
  await writeFile(join(folder, 'LIST'), list.replace('file.iso\n', 'file.iso out=a.iso\n'))
  const { stderr } = await runRangeGet('npx range-get -d isos --create-dirs -i LIST', folder)
  t.match(stderr, /^4 files, 52 B$/m)
  t.strictSame(readdirSync(join(folder, 'isos')).sort(), ['a name with blanks.iso', 'a.iso', 'c2.iso', 'sub'])
})

t.test('the command of "Files of checksums" accepts the file whose digest it has', async (t) => {
  const folder = t.testdir({
    SHA256SUMS: '15f907e6b6bcd972b9877672fae93d76f69b7e84f7d1821e23eee37364973036  file.iso\n',
  })
  const origin = await serve(t)
  const { stderr } = await runRangeGet((commands[5]?.text ?? '').replaceAll(HOST, origin), folder)
  t.match(stderr, /^file\.iso: 13 B .*; sha-256 checksum verified$/m)
  t.match(
    (await runRangeGet('npx range-get --check --checksums SHA256SUMS', folder)).stderr,
    /^1 file, 13 B$/m,
  )
})

t.test('the command of "Metalinks" downloads what the document describes', async (t) => {
  const folder = await projectFolder(t)
  const origin = await serve(t)
  const { stderr } = await runRangeGet((commands[6]?.text ?? '').replaceAll(HOST, origin), folder)
  t.match(stderr, /^isos\/file\.iso: 13 B .*; sha-256 checksum verified$/m)
  t.strictSame(readdirSync(join(folder, 'isos')), ['file.iso'])
})

const HANDLE =
  'Download<Result extends DownloadResult | StreamedResult = DownloadResult> extends AsyncIterable<DownloadProgress>'
const COMMAND_OPTIONS = commandOptionsUnder(README.text, 'Options')

/** What some options are for. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  '--check': ['--checksums', 'SUMS'],
  '--buffer': ['-o', '-'],
  '--buffer-dir': ['-o', '-'],
}

t.test('each option of the code has a heading, and is accepted as it is spelled there', async (t) => {
  t.strictSame(
    COMMAND_OPTIONS.map(({ name, spelling, defaultValue }) => [name, spelling, defaultValue]),
    OPTION_LIST.map((option) => [`--${option.name}`, spellingOf(option), option.default ?? '']),
  )
  t.strictSame(
    linksUnder(README.text, 'Options'),
    COMMAND_OPTIONS.map(({ name }) => [name, `#${name}`]),
  )
  for (const { spelling } of COMMAND_OPTIONS) {
    const [, name = '', value] = /(--[a-z-]+)(?: (\S+))?/.exec(spelling) ?? []
    const given: Record<string, string> = {
      DIGEST: `sha-256=${'0'.repeat(64)}`,
      "'K:": 'K: V',
      URL: 'http://p',
      SHELL: 'zsh',
      SIZE: '1M',
    }
    const args = value === undefined ? [name] : [name, given[value] ?? '1']
    t.ok(parseCommand([...args, ...(NEEDED[name] ?? []), 'http://h/f']), args.join(' '))
  }
})

t.test('the command has the defaults of the library', async (t) => {
  const { parallel, hostConnections } = batchSettingsOf({})
  const settings: Readonly<Record<string, unknown>> = { ...settingsOf({}), parallel, hostConnections }
  for (const { name, default: byDefault = '' } of OPTION_LIST) {
    const setting = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    const isNumber = typeof settings[setting] === 'number'
    t.equal(/^\d/.test(byDefault), isNumber, `${name} has a default`)
    if (!isNumber) continue
    const needed = NEEDED[`--${name}`] ?? []
    const command = parseCommand([`--${name}`, byDefault, ...needed, 'http://h/f', 'http://h/g'])
    const options: Readonly<Record<string, unknown>> =
      command.kind === 'get' ? { ...command.options, ...command.several?.limits } : {}
    t.equal(options[setting], settings[setting], name)
  }
})

t.test('the table of exit statuses lists those of the code', async (t) => {
  const rows = tableUnder(README, 'Exit statuses')
  const coded = rows.filter(({ code }) => code !== '')
  t.strictSame(
    Object.fromEntries(coded.map((row) => [plain(row['code']), Number(row['status'])])),
    EXIT_STATUS,
  )
  t.strictSame(
    coded.map(({ code }) => plain(code)).sort(),
    unionOf(declarations('errors'), 'DownloadErrorCode').sort(),
  )
  const helped = [...EXIT_STATUS_HELP.matchAll(/^ {2}(\d+) /gm)].map(([, status]) => status)
  t.strictSame(
    rows.map(({ status }) => status),
    helped,
  )
})

const OPTIONS = optionsUnder(README.text, 'Download options')
const settings = settingsOf({})
const declaredOptions = new Map(
  ['DownloadOptions', 'StreamOptions'].flatMap((kind) =>
    declarationOf(kind, declarations('download-options')).members.map(({ name, type }) => [
      name.replace('?', ''),
      type,
    ]),
  ),
)

t.test('each download option has a heading, with the type and the default of the code', async (t) => {
  t.strictSame(OPTIONS.map(({ name }) => name).sort(), Object.keys(settings).sort())
  t.strictSame(OPTIONS.map(({ name }) => name).sort(), [...declaredOptions.keys()].sort())
  t.strictSame(
    linksUnder(README.text, 'Download options'),
    OPTIONS.map(({ name }) => [name, `#${name.toLowerCase()}`]),
  )
  for (const { name, type, defaultValue, meaning } of OPTIONS) {
    const value = settings[name as keyof typeof settings]
    t.not(meaning, '', name)
    if (name !== 'onSegment' && name !== 'headers')
      t.strictSame(partsOf(type), partsOf(declaredOptions.get(name) ?? ''), name)
    if (value === null || typeof value === 'function')
      t.match(defaultValue, /^(none|chosen|environment|the URL)$/, name)
    else if (typeof value === 'number') t.equal(Number(defaultValue.replaceAll('_', '')), value, name)
    else if (typeof value === 'string') t.equal(defaultValue, `'${value}'`, name)
    else t.equal(defaultValue, JSON.stringify(value), name)
    for (const [, listed] of type.matchAll(/'(\w+)'/g))
      t.equal(settingsOf({ [name]: listed })[name as keyof typeof settings], listed, `${name}: ${listed}`)
  }
})

/** Some limits are only those of whole numbers in JavaScript. */
const FAR = 2 ** 52

t.test('each download option that is a number has its limits', async (t) => {
  const numbers = OPTIONS.filter(({ type }) => type === 'number').map(({ name }) => name)
  t.strictSame(numbers.sort(), Object.keys(NUMBER_LIMITS).sort())
  for (const [name, { least, most }] of Object.entries(NUMBER_LIMITS)) {
    const [line = ''] = README.text.split(`\n#### ${name}\n\n`)[1]?.split('\n') ?? []
    const shown = [least, most].map((limit) => limit.toLocaleString('en').replaceAll(',', ' '))
    t.ok(
      line.startsWith(`\`number\`, ${most > FAR ? `at least ${shown[0]}` : shown.join(' to ')} · default`),
      line,
    )
  }
})

t.test('the block of the whole library has every option with its default', async (t) => {
  const block = README.blocks.find(({ heading }) => heading === 'All of the library')?.text ?? ''
  t.strictSame(
    [...block.matchAll(/^ {2}(\w+): (.+), \/\/ /gm)].map(([, name, value]) => [name, value]),
    OPTIONS.map(({ name, defaultValue }) => [
      name,
      /^(none|chosen|environment|the URL)$/.test(defaultValue) ? 'undefined' : defaultValue,
    ]),
  )
})

t.test('the tables of progress, result and handle have the members of the code', async (t) => {
  const shown = (heading: string, column: string): string[] =>
    tableUnder(README, heading).map((row) => plain(row[column]).replace('()', ''))
  t.strictSame(
    shown('Progress', 'property'),
    membersOf(declarations('download-progress'), 'DownloadProgress'),
  )
  t.strictSame(shown('Result', 'property'), membersOf(declarations('download-result'), 'DownloadResult'))
  const own = shown('download(url, destination, options?)', 'member').filter((name) => !name.startsWith('['))
  t.strictSame(own, membersOf(declarations('download-handle'), HANDLE))
  const states = tableUnder(README, 'Progress')[0]?.['meaning'] ?? ''
  t.strictSame(
    [...states.matchAll(/'(\w+)'/g)].map(([, state]) => state),
    unionOf(declarations('download-progress'), 'DownloadState'),
  )
})

t.test('the command of "Standard output and streams" prints the digest of the file', async (t) => {
  const { printed, folder } = await run(t, commands[7]?.text ?? '')
  t.match(printed, createHash('sha256').update(CONTENT).digest('hex'))
  t.strictSame(readdirSync(folder), [])
})

/** The lists of names in code that come directly before these words, each in the order of the alphabet. */
function listsBefore(text: string, words: string): string[][] {
  const lists = text.matchAll(new RegExp(`((?:\`[\\w-]+\`(?:, | and |、| 和 | )?)+)${words}`, 'g'))
  return [...lists].map(([, list = '']) => [...list.matchAll(/[\w-]+(?=`)/g)].map(([name]) => name).sort())
}

const DIGEST = `sha-256=${'0'.repeat(64)}`

const VALUES: Readonly<Record<string, string>> = { checksum: DIGEST, header: 'K: V', completion: 'zsh' }

/** Whether the command refuses an option beside `-o -` because it is about files. */
function isAboutFiles({ name, value }: (typeof OPTION_LIST)[number]): boolean {
  const option = value === undefined ? [`--${name}`] : [`--${name}`, VALUES[name] ?? '1']
  const needed = name === 'check' ? ['--checksum', DIGEST] : []
  try {
    parseCommand([...option, ...needed, '-o', '-', 'http://h/f'])
    return false
  } catch (error) {
    return String(error).includes(`--${name} is about files`)
  }
}

for (const { path, words } of [
  { path: 'demo-client/README.md', words: 'are about files' },
  { path: 'README.zh-CN.md', words: '是关于文件的' },
]) {
  t.test(`${path} names the options that standard output and streams cannot have`, async (t) => {
    const { text } = readDocument(path)
    const refused = OPTION_LIST.filter(isAboutFiles).map(({ name }) => `--${name}`)
    t.ok(refused.length > 5)
    const { signature } = declarationOf('StreamOptions', declarations('download-options'))
    const left = [...signature.matchAll(/'(\w+)'/g)].map(([, name = '']) => name)
    t.ok(left.length > 5)
    t.strictSame(listsBefore(text, words), [refused.sort(), left.sort()])
  })
}

/** What the block under each heading of the library prints, apart from progress that depends on timing. */
const PRINTED: Readonly<Record<string, (t: Test, lines: readonly unknown[][], folder: string) => void>> = {
  Library: (t, lines, folder) => {
    t.strictSame(lines.at(-1), ['finished', 13, 13])
    t.equal(readFileSync(join(folder, 'file.iso'), 'utf8'), CONTENT)
  },
  'All of the library': (t, lines, folder) => {
    t.strictSame(lines.at(-1), [join(folder, 'file.iso'), 13, '"v1"', 0, 'length', []])
    t.equal(readFileSync(join(folder, 'file.iso'), 'utf8'), CONTENT)
  },
  'downloadAll(files, options?)': (t, lines, folder) => {
    const ended = ['a.iso', 'b.iso'].map((name) => [join(folder, name), 13, undefined])
    t.strictSame(lines.slice(0, 2).sort(), ended)
    t.strictSame(lines.slice(2), [[26]])
    t.equal(readFileSync(join(folder, 'b.iso'), 'utf8'), CONTENT)
  },
  'readMetalink(document, options?)': (t, lines, folder) => {
    t.strictSame(lines, [
      [1, []],
      ['file.iso', 'checksum'],
    ])
    t.equal(readFileSync(join(folder, 'isos', 'file.iso'), 'utf8'), CONTENT)
  },
  Errors: (t, lines) => t.strictSame(lines, [[404]]),
  'Pausing and stopping': (t, lines, folder) => {
    t.strictSame(lines, [[0], ['ERR_DOWNLOAD_ABORTED']])
    t.notOk(readdirSync(folder).includes('file.iso'), 'there is no file')
  },
  'Standard output and streams': (t, lines, folder) => {
    t.strictSame(lines, [[CONTENT], [null, 13, 'length']])
    t.notOk(readdirSync(folder).includes('file.iso'), 'there is no file')
  },
}

const snippets = README.blocks.filter(({ language }) => language === 'js')
t.strictSame(
  snippets.map(({ heading }) => heading),
  Object.keys(PRINTED),
)

for (const { heading, text } of snippets) {
  t.test(`the code under "${heading}" does what the text says`, async (t) => {
    const folder = await projectFolder(t)
    const origin = await serve(t)
    const printed = t.capture(console, 'log')
    const path = join(folder, 'snippet.mjs')
    const placed = text
      .replaceAll(HOST, origin)
      .replace(/'(\w+\.iso|isos)'/g, (_, name) => `'${join(folder, name)}'`)
    await writeFile(path, placed)
    await import(pathToFileURL(path).href)
    PRINTED[heading]?.(t, printed.args(), folder)
  })
}

t.test('"A page in place of a file" lists the extensions of the code', async (t) => {
  const tables = README.tables.filter(({ heading }) => heading === 'A page in place of a file')
  const formats = tables.find(({ rows }) => rows[0]?.['extensions'] !== undefined)?.rows ?? []
  const shown = formats.map((row) => [plain(row['format']), plain(row['extensions']).replaceAll('.', '')])
  const want = Object.entries(BINARY_FORMATS).map(([kind, names]) => [kind, names.split(/\s+/).join(' ')])
  t.strictSame(shown, want)
  const pointer =
    tables[0]?.rows.find((row) => row['what comes']?.includes('Git LFS'))?.['is refused where'] ?? ''
  t.strictSame(
    [...pointer.matchAll(/`\.(\w+)`/g)].map(([, name]) => name),
    ANY_BYTES,
  )
})
