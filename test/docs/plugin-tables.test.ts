import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import Fastify from 'fastify'
import rangePlugin, { CHANNELS, SendRangeError, type SendRangeErrorCode } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { defaultSettings, registrationSettings } from '#plugin/settings.js'
import { HTTP_OPTION_TABLE } from '#plugin/upstream/http-options.js'
import { S3_OPTION_TABLE } from '#plugin/upstream/s3-options.js'
import { REPOSITORY } from '../support/repository.ts'
import { declarationOf } from './api/declaration.ts'
import { ask, type Question } from './support/ask.ts'
import { membersOf, unionOf } from './support/declarations.ts'
import { plain, readDocument, tableUnder } from './support/markdown.ts'
import { aliasOf, linksUnder, optionsUnder, partsOf } from './support/option-headings.ts'

const README = readDocument('plugin/README.md')

/** The text of a declaration file of the built plugin. */
const declarations = (name: string): string => readFileSync(`${REPOSITORY}plugin/dist/${name}.d.ts`, 'utf8')

const OPTIONS = optionsUnder(README.text, 'Options')
const settings = defaultSettings()

/** The type of an option without its last undefined: the README says of all options that they may be undefined. */
const given = (type: string): string => type.replace(/ \| undefined$/, '')

/** The types of the options by their names, as declared. */
const declaredOptions = new Map(
  ['SendRangeOptions', 'RangePluginOptions']
    .flatMap((name) => declarationOf(name, declarations('options')).members)
    .map(({ name, type }) => [name.replace('?', ''), given(type)]),
)
const ALIASES = {
  Dotfiles: aliasOf('Dotfiles', declarations('rules/resolve-path')),
  EtagPolicy: aliasOf('EtagPolicy', declarations('files/file-options')),
  EtagFunction: 'function',
  PrecompressedOption: aliasOf('PrecompressedOption', declarations('files/file-options')),
  'readonly Precompression[]': 'string[]',
  CacheControl: 'object',
  HeadersFunction: 'function',
  NotFoundFunction: 'function',
  EndListener: 'function',
  EncodedSlashes: aliasOf('EncodedSlashes', declarations('rules/target-spelling')),
  TargetSpelling: aliasOf('TargetSpelling', declarations('rules/target-spelling')),
}

/** A default as the README writes it. */
function shownDefault(name: string, value: unknown): string {
  if (name === 'root') return 'process.cwd()'
  if (typeof value === 'string') return `'${value}'`
  return JSON.stringify(value) ?? 'undefined'
}

t.test('each option has a heading, with the type and the default of the code', async (t) => {
  t.strictSame(OPTIONS.map(({ name }) => name).sort(), Object.keys(settings).sort())
  t.strictSame([...declaredOptions.keys()].sort(), Object.keys(settings).sort())
  for (const { name, type, defaultValue, meaning } of OPTIONS) {
    t.strictSame(partsOf(type), partsOf(declaredOptions.get(name) ?? '', ALIASES), name)
    t.equal(
      defaultValue.replaceAll('_', ''),
      shownDefault(name, settings[name as keyof typeof settings]),
      name,
    )
    t.not(meaning, '', name)
  }
})

t.test('the line of links leads to each option, in order', async (t) => {
  t.strictSame(
    linksUnder(README.text, 'Options'),
    OPTIONS.map(({ name }) => [name, `#${name.toLowerCase()}`]),
  )
})

t.test('the block of the whole API has every option with its default, and every export', async (t) => {
  const block = README.blocks.find(({ heading }) => heading === 'API')?.text ?? ''
  const shown = [...block.matchAll(/^ {2}(\w+): (.+), \/\/ /gm)].map(([, name, value]) => [name, value])
  t.strictSame(
    shown,
    OPTIONS.map(({ name, defaultValue }) => [name, defaultValue]),
  )
  const [, named = ''] = /^import rangePlugin, \{([^}]+)\}/.exec(block) ?? []
  const known = ['default', 'module.exports', 'rangePlugin']
  t.strictSame(
    named.match(/\w+/g)?.sort(),
    Object.keys(await import('fastify-send-range'))
      .filter((name) => !known.includes(name))
      .sort(),
  )
})

t.test('the options of fileSource are those of the plugin that are about files', async (t) => {
  const rows = tableUnder(README, 'Files, then a bucket')
  t.strictSame(
    rows.map(({ option }) => plain(option)),
    membersOf(declarations('files/file-options'), 'FileSourceOptions'),
  )
  const ofPlugin = new Map(OPTIONS.map(({ name, defaultValue }) => [name, defaultValue]))
  for (const row of rows) t.equal(plain(row['default']), ofPlugin.get(plain(row['option'])))
})

t.test('the options of object stores have the defaults of the code', async (t) => {
  const rows = tableUnder(README, 'Files in S3, R2, MinIO, …')
  const names = rows.map(({ option }) => plain(option))
  t.strictSame([...names].sort(), Object.keys(S3_OPTION_TABLE).sort())
  const ofHttp = Object.keys(HTTP_OPTION_TABLE).filter((name) => !['url', 'sign'].includes(name))
  t.strictSame(names.slice(names.indexOf('headers')), ofHttp)
  for (const row of rows) {
    const { defaultValue } = S3_OPTION_TABLE[plain(row['option']) as keyof typeof S3_OPTION_TABLE]
    const shown = plain(row['default'])
    if (Array.isArray(defaultValue)) t.strictSame(shown.split(', '), defaultValue)
    else if (defaultValue === undefined)
      t.match(shown, /^(?:|AWS|true with an endpoint)$/, plain(row['option']))
    else t.equal(shown, shownDefault('', defaultValue), plain(row['option']))
  }
})

t.test('the options of object stores have the types of the code', async (t) => {
  const declared = new Map(
    [
      ...declarationOf('S3SourceOptions', declarations('upstream/s3-options')).members,
      ...declarationOf('UpstreamOptions', declarations('upstream/http-options')).members,
    ].map(({ name, type }) => [name.replace('?', ''), given(type)]),
  )
  for (const row of tableUnder(README, 'Files in S3, R2, MinIO, …')) {
    const type = declared.get(plain(row['option'])) ?? ''
    // The table has no parameters and results of functions, and no names of types.
    const simple = type
      .replace(/\(\(.*\)$|^\(.*\) => .*/, 'function')
      .replace(/^readonly (?=.*\[\]$)/, '')
      .replace('Credentials |', 'object |')
      .replace('OutgoingHeaders', 'Record<string, string>')
    t.strictSame(partsOf(plain(row['type'])), partsOf(simple), plain(row['option']))
  }
})

t.test('the strings that the options list are accepted, others are not', async (t) => {
  for (const { name, type } of OPTIONS) {
    const listed = [...type.matchAll(/'(\w+)'/g)].map(([, value]) => value)
    if (listed.length === 0) continue
    for (const value of listed) t.ok(registrationSettings({ [name]: value }), `${name}: ${value}`)
    t.throws(() => registrationSettings({ [name]: 'another' }), { code: 'ERR_RANGE_OPTION' }, name)
  }
})

t.test('the table of errors has the codes and statuses of the code', async (t) => {
  const rows = tableUnder(README, 'Errors')
  const codes = unionOf(declarations('errors'), 'SendRangeErrorCode')
  t.strictSame(rows.map(({ code }) => plain(code)).sort(), codes.sort())
  for (const row of rows) {
    const error = new SendRangeError(plain(row['code']) as SendRangeErrorCode, '')
    t.equal(Number(row['status']), error.statusCode, error.code)
  }
})

t.test('the table of events has the properties and channels of the code', async (t) => {
  const rows = tableUnder(README, 'Events')
  t.strictSame(
    rows.map(({ property }) => plain(property)),
    membersOf(declarations('events'), 'SendRangeEvent'),
  )
  for (const [name, channel] of Object.entries(CHANNELS)) {
    t.ok(README.text.includes(`\`CHANNELS.${name}\` (\`${channel}\`)`), channel)
  }
})

async function serve(t: Test): Promise<string> {
  const root = t.testdir({
    docs: { 'index.html': 'docs' },
    'hello.txt': 'hello, ranges',
    'long.txt': 'hello, ranges'.repeat(100),
    'unreadable.txt': 'secret',
    '.env': 'secret',
    folder: { 'nested.txt': 'nested' },
  })
  const app = Fastify()
  t.teardown(() => app.close())
  // A file has no Last-Modified until the second of its mtime is over.
  for (const name of ['hello.txt', 'long.txt', 'unreadable.txt'])
    await utimes(join(root, name), 1_000_000_000, 1_000_000_000)
  await symlink('/etc/hostname', join(root, 'outside'))
  await chmod(join(root, 'unreadable.txt'), 0)
  execFileSync('mkfifo', [join(root, 'fifo')])
  await app.register(rangePlugin, { root })
  app.get('/files/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
  app.post('/files/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
  app.get('/denied/*', (request, reply) =>
    reply.sendRange((request.params as { '*': string })['*'], { dotfiles: 'deny', maxRanges: 2 }),
  )
  app.get('/pages/*', (request, reply) =>
    reply.sendRange((request.params as { '*': string })['*'], { index: 'index.html' }),
  )
  app.get('/given', (request, reply) => reply.sendRange((request.query as { path: string }).path))
  const broken = { size: 4, readAt: async () => Promise.reject(new Error('broken')), close() {} }
  app.get('/broken', (_request, reply) => reply.sendRange('x', { source: { open: () => broken } }))
  return await app.listen({ port: 0, host: '127.0.0.1' })
}

interface StatusCase extends Question {
  readonly status: number
}

const range = (set: string): { headers: { range: string } } => ({ headers: { range: set } })
const HELLO = '/files/hello.txt'
const LONG = '/files/long.txt'

/** One or more for each clause of the table. */
const STATUSES: readonly StatusCase[] = [
  { url: HELLO, status: 200 },
  { url: HELLO, ...range('bytes=0-3x'), status: 200 },
  { url: HELLO, ...range('lines=0-3'), status: 200 },
  { url: '/denied/hello.txt', ...range('bytes=0-0,2-2,4-4'), status: 200 },
  { url: HELLO, ...range('bytes=0-3,1-4,2-5,3-6'), status: 200 },
  { url: HELLO, ...range('bytes=0-6,7-12'), status: 200 },
  { url: HELLO, ...range('bytes=0-1,7-8'), status: 200 },
  { url: HELLO, headers: { range: 'bytes=0-3', 'if-range': '"another"' }, status: 200 },
  { url: HELLO, method: 'HEAD', ...range('bytes=0-3'), status: 200 },
  { url: HELLO, method: 'HEAD', ...range('bytes=99-'), status: 200 },
  { url: HELLO, method: 'POST', ...range('bytes=0-3'), status: 200 },
  { url: HELLO, ...range('bytes=0-3'), status: 206 },
  { url: HELLO, ...range('bytes=0-'), status: 206 },
  { url: HELLO, ...range('bytes=-99'), status: 206 },
  { url: LONG, ...range('bytes=7-8,0-1'), status: 206 },
  { url: '/pages/docs', status: 302 },
  { url: HELLO, headers: { 'if-none-match': '*' }, status: 304 },
  { url: HELLO, headers: { 'if-modified-since': 'Fri, 31 Dec 2100 23:59:59 GMT' }, status: 304 },
  { url: '/files/a%00b', status: 400 },
  { url: '/given?path=a%5Cb', status: 400 },
  { url: '/given?path=', status: 400 },
  { url: '/given?path=../hello.txt', status: 403 },
  { url: '/denied/.env', status: 403 },
  { url: '/files/.env', status: 404 },
  { url: '/files/nothing.txt', status: 404 },
  { url: '/files/folder', status: 404 },
  { url: '/files/fifo', status: 404 },
  { url: '/files/outside', status: 404 },
  { url: '/files//hello.txt', status: 404 },
  { url: '/files/%2e/hello.txt', status: 404 },
  { url: '/files/folder%2Fnested.txt', status: 404 },
  { url: '/files/folder%5Cnested.txt', status: 404 },
  { url: '/file%73/hello.txt', status: 404 },
  { url: HELLO, headers: { 'if-match': '"another"' }, status: 412 },
  { url: HELLO, headers: { 'if-unmodified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' }, status: 412 },
  { url: HELLO, ...range('bytes=13-'), status: 416 },
  { url: HELLO, ...range('bytes=-0'), status: 416 },
  { url: '/broken', status: 500 },
]
// root may read any file.
const UNREADABLE: StatusCase = { url: '/files/unreadable.txt', status: process.getuid?.() === 0 ? 200 : 403 }

t.test('each status of the table is answered as it says', async (t) => {
  const origin = await serve(t)
  for (const { status, ...request } of [...STATUSES, UNREADABLE]) {
    const answer = await ask(origin, request)
    t.equal(answer.status, status, `${JSON.stringify(request)}: ${status}`)
    if (status === 416) t.equal(answer.headers['content-range'], 'bytes */13')
    if (status === 206 || status === 200) {
      t.match(answer.headers, { 'accept-ranges': 'bytes', etag: /^"/, 'last-modified': / GMT$/ })
      t.match(answer.headers['content-length'], /^\d+$/)
    }
  }
  const listed = tableUnder(README, 'Statuses').map((row) => Number(row['status']))
  // 503 needs a process without descriptors. The table of errors checks its status.
  t.strictSame(listed, [...new Set(STATUSES.map(({ status }) => status)), 503])
})
