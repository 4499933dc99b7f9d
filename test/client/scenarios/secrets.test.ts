// Secrets in a URL, a proxy or a header field are in no message, for any failure.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { DownloadError, type DownloadOptions, type DownloadProgress, download } from 'range-get'
import t from 'tap'
import { parseCommand } from '#client/command/arguments.js'
import { nameFromUrl } from '#client/state/file-name.js'
import { rangeGet } from '../support/command.ts'
import { head, honest, makeContent, resource, type Script, startHostile } from '../support/hostile-server.ts'
import { names, QUICK, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const USER = 'u5er'
const WORD = 'pa55word'
const SIGNATURE = 's1gnature'
const SECRETS = new RegExp([USER, WORD, SIGNATURE].join('|'), 'i')

const A = resource(makeContent(50_000))
const withBody =
  (fields: Readonly<Record<string, string | number>>): Script =>
  (_, socket) => {
    socket.write(head('200 OK', { 'content-length': 4, ...fields }))
    socket.write('body')
  }
const withStatus =
  (status: string, fields: Readonly<Record<string, string | number>> = {}): Script =>
  (_, socket) =>
    void socket.write(head(status, { 'content-length': 0, ...fields }))
const cut: Script = (_, socket) => void socket.destroy()

/** A URL of the origin with a secret in each of its parts. */
function secretUrl(origin: string): string {
  return `${origin.replace('//', `//${USER}:${WORD}@`)}/a;v=${SIGNATURE}/file.bin;id=${SIGNATURE}?signature=${SIGNATURE}#${SIGNATURE}`
}

interface Row {
  name: string
  script?: Script
  url?: (origin: string) => string
  options?: DownloadOptions
  code: string
}

const rows: Row[] = [
  { name: 'an error status', script: withStatus('403 Forbidden'), code: 'ERR_DOWNLOAD_HTTP' },
  { name: 'an error that may pass', script: withStatus('500 No'), code: 'ERR_DOWNLOAD_HTTP' },
  { name: 'a refusal', script: withStatus('429 Slow'), code: 'ERR_DOWNLOAD_HTTP' },
  { name: 'a connection that breaks off', script: cut, code: 'ERR_DOWNLOAD_NETWORK' },
  {
    name: 'a connection that is refused',
    url: () => secretUrl('http://127.0.0.1:1'),
    code: 'ERR_DOWNLOAD_NETWORK',
  },
  {
    name: 'an unknown host',
    url: () => secretUrl('http://host.invalid'),
    code: 'ERR_DOWNLOAD_NETWORK',
  },
  { name: 'a page', script: withBody({ 'content-type': 'text/html' }), code: 'ERR_DOWNLOAD_PROTOCOL' },
  {
    name: 'a content coding',
    script: withBody({ 'content-encoding': 'gzip' }),
    code: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'bytes that are not HTTP',
    script: (_, socket) => void socket.end('nonsense\r\n\r\n'),
    code: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'a redirect without a usable Location',
    script: withStatus('302 Found', { location: `ftp://${USER}:${WORD}@127.0.0.1/?${SIGNATURE}` }),
    code: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'a redirect in circles',
    script: withStatus('302 Found', { location: `/other?${SIGNATURE}` }),
    options: { maxRedirects: 2 },
    code: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'a wrong digest',
    script: honest(A),
    options: { checksum: `sha-256=${'0'.repeat(64)}` },
    code: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'text that is not a URL',
    url: () => `http://${USER}:${WORD}@host:99999/?${SIGNATURE}`,
    code: 'ERR_DOWNLOAD_USAGE',
  },
  {
    name: 'a host and port that look like another scheme',
    url: () => `${USER}:${WORD}@host/?${SIGNATURE}`,
    code: 'ERR_DOWNLOAD_USAGE',
  },
  {
    name: 'another scheme',
    url: () => `ftp://${USER}:${WORD}@127.0.0.1/?${SIGNATURE}`,
    code: 'ERR_DOWNLOAD_USAGE',
  },
  {
    name: 'a user that cannot be decoded',
    url: () => `http://%:${WORD}@127.0.0.1:1/?${SIGNATURE}`,
    code: 'ERR_DOWNLOAD_NETWORK',
  },
  {
    name: 'a proxy that is not a proxy',
    options: { proxy: `ftp://${USER}:${WORD}@127.0.0.1/?${SIGNATURE}` },
    code: 'ERR_DOWNLOAD_USAGE',
  },
  {
    name: 'a proxy that is not a URL',
    options: { proxy: `${USER}:${WORD}@127.0.0.1:99999` },
    code: 'ERR_DOWNLOAD_USAGE',
  },
  ...['#', '?', '/', ' ', '12#', '12?', '12/'].map((mark) => ({
    name: `a proxy with "${mark}" in its password`,
    options: { proxy: `http://${USER}:${mark}${WORD}@127.0.0.1:1` },
    code: mark === ' ' ? ('ERR_DOWNLOAD_NETWORK' as const) : ('ERR_DOWNLOAD_USAGE' as const),
  })),
  ...['#', '?', '/'].map((mark) => ({
    name: `a proxy with "${mark}" after the first characters of its password`,
    options: { proxy: `http://${USER}:${WORD}${mark}x@127.0.0.1:1` },
    code: 'ERR_DOWNLOAD_USAGE' as const,
  })),
  {
    name: 'a proxy that refuses',
    options: { proxy: `http://${USER}:${WORD}@127.0.0.1:1` },
    code: 'ERR_DOWNLOAD_NETWORK',
  },
  {
    name: 'a header field that cannot be sent',
    options: { headers: { authorization: `Bearer ${WORD}\n` } },
    code: 'ERR_DOWNLOAD_USAGE',
  },
]

for (const { name, script = withStatus('404 Not Found'), url = secretUrl, options, code } of rows) {
  t.test(`no secret is in the error or the progress (${name})`, async (t) => {
    const server = await startHostile(script)
    t.teardown(() => server.stop())
    const run = download(url(server.url), join(t.testdir({}), 'out'), { ...QUICK, retries: 1, ...options })
    const shown: DownloadProgress[] = []
    for await (const progress of run) shown.push(progress)
    const error = await run.finished.then(
      () => null,
      (error: unknown) => error,
    )
    t.ok(error instanceof DownloadError && error.code === code, inspect(error))
    t.notMatch(inspect(error, { depth: 9 }), SECRETS, 'the error, its causes and their stacks')
    t.notMatch(JSON.stringify(shown), SECRETS, 'progress')
  })

  t.test(`no secret is in the output of the command (${name})`, async (t) => {
    const server = await startHostile(script)
    t.teardown(() => server.stop())
    const { checksum, proxy, headers = {} } = options ?? {}
    const args = [
      ...(checksum === undefined ? [] : ['--checksum', checksum]),
      ...(proxy === undefined ? [] : ['--proxy', proxy]),
      ...Object.entries(headers).flatMap(([field, value]) => ['-H', `${field}: ${value.trim()}\u0001`]),
    ]
    const { stdout, stderr, status } = await rangeGet(
      ['--json', '--retries', '1', '-o', 'out', ...args, url(server.url)],
      t.testdir({}),
    ).ended
    t.ok(status !== 0 && status !== 1, `status ${status}`)
    t.match(stdout, /"event":"error"/)
    t.notMatch(stdout + stderr, SECRETS)
  })
}

t.test('no secret is in the error about a header field without a colon', (t) => {
  try {
    parseCommand(['-H', `Authorization ${WORD}`, 'http://127.0.0.1/'])
    t.fail('it was accepted')
  } catch (error) {
    t.notMatch(inspect(error), SECRETS)
  }
  t.end()
})

t.test('a name from a URL does not contain the query, even before the server gives a name', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const { path } = await download(secretUrl(server.url), { directory: dir }, QUICK).finished
  t.equal(path, join(dir, 'file.bin'))
})

t.test('a name does not contain path parameters, but may contain other semicolons', (t) => {
  const table: readonly (readonly [string, string])[] = [
    [`/file.bin;jsessionid=${SIGNATURE}`, 'file.bin'],
    [`/file.bin;a=1;b=${SIGNATURE}`, 'file.bin'],
    [`/file.bin/;id=${SIGNATURE}`, 'file.bin'],
    ['/a;b.txt', 'a;b.txt'],
    ['/a%3Bid=1.txt', 'a;id=1.txt'],
  ]
  for (const [path, name] of table) t.equal(nameFromUrl(new URL(path, 'http://host')), name, path)
  t.end()
})

for (const destination of ['chosen', 'suggested'] as const) {
  t.test(`the files of a stopped download contain no secret of the URL (${destination})`, async (t) => {
    const server = await startSlow(resource(makeContent(2_000_000)))
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const stop = new AbortController()
    const to = destination === 'chosen' ? join(dir, 'file.bin') : { directory: dir }
    const run = (signal?: AbortSignal) =>
      download(secretUrl(server.url), to, { ...QUICK, ...(signal === undefined ? {} : { signal }) })
    const first = run(stop.signal)
    await server.hasServed(1_000_000)
    // A draft of the journal may get its name in the meantime.
    const during = names(dir).map((name) => [name, readOrNull(join(dir, name))] as const)
    t.ok(during.some(([, bytes]) => bytes !== null))
    for (const [name, bytes] of during) t.notMatch(bytes?.toString('latin1') ?? '', SECRETS, name)
    stop.abort()
    await t.rejects(first.finished)
    t.strictSame(names(dir), ['file.bin.part', 'file.bin.part.json'])
    t.notMatch(readFileSync(join(dir, 'file.bin.part.json'), 'latin1'), SECRETS)
    t.ok((await run().finished).resumed > 0, 'the next run recognizes it')
  })
}
