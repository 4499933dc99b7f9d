// Wrong arguments of download(): a usage error through `finished`, before any request or write.
import { DownloadError, download } from 'range-get'
import t, { type Test } from 'tap'
import { fieldsOf } from '#client/caller/caller-fields.js'
import { rangeGet } from '../support/command.ts'
import { answerHonestly, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { names } from '../support/run.ts'

const URL_ = 'http://127.0.0.1:1/x'

/** For what the compiler would not let through. */
const call = download as (
  url: unknown,
  destination: unknown,
  options?: unknown,
) => ReturnType<typeof download>

const OPTIONS: unknown[] = [
  null,
  'text',
  1,
  [],
  new Map([['retries', 1]]),
  { nonsense: 1 },
  { conections: 4 },
  { nonsense: undefined },
  ...['connections', 'segmentSize', 'retries', 'limitRate', 'delay', 'stallTimeout'].flatMap((name) =>
    ['4', -1, 1.5, Number.NaN, {}, Object.create(null), null, Symbol('x'), 4n].map((value) => ({
      [name]: value,
    })),
  ),
  ...['checksum', 'resumeKey', 'proxy'].flatMap((name) =>
    [1, {}, null, []].map((value) => ({ [name]: value })),
  ),
  ...['resume', 'existing', 'html', 'modified'].flatMap((name) =>
    ['', 'x', 1, null, {}, Object.create(null)].map((value) => ({ [name]: value })),
  ),
  ...[1, 'x', {}, null].flatMap((value) => [{ onSegment: value }, { signal: value }]),
  ...[
    'Range: x',
    1,
    null,
    [1],
    ['ab'],
    [['a']],
    [['a', 'b', 'c']],
    [[1, 'b']],
    { a: 1 },
    { a: undefined },
  ].map((headers) => ({ headers })),
  ...[
    { a: ['b'] },
    { 'a b': 'c' },
    { a: 'b\nc' },
    { a: '日' },
    { Range: 'bytes=0-' },
    new Date(),
    new (class A {})(),
  ].map((headers) => ({ headers })),
  { headers: { [Symbol('a')]: 'b' } },
  {
    headers: [
      ['User-Agent', 'a'],
      ['user-agent', 'b'],
    ],
  },
]
const DESTINATIONS: unknown[] = [
  undefined,
  null,
  1,
  '',
  'a\0b',
  {},
  { directory: 1 },
  { directory: '' },
  { directory: 'a\0' },
  { directory: '.', name: 'x' },
  new URL('file:///x'),
  ['x'],
]
const URLS: unknown[] = [
  undefined,
  null,
  1,
  '',
  ' ',
  'x',
  {},
  Object.create(null),
  Symbol('x'),
  [URL_],
  'ftp://h/x',
  () => URL_,
]

async function assertUsage(t: Test, run: () => ReturnType<typeof download>, name: string): Promise<void> {
  const failure: unknown = await run().finished.catch((error: unknown) => error)
  t.ok(
    failure instanceof DownloadError && failure.code === 'ERR_DOWNLOAD_USAGE',
    `${name}: ${String(failure)}`,
  )
}

t.test('every wrong argument is ERR_DOWNLOAD_USAGE through finished', async (t) => {
  const dir = t.testdir({})
  for (const [index, options] of OPTIONS.entries())
    await assertUsage(t, () => call(URL_, `${dir}/x`, options), `options ${index}`)
  for (const [index, destination] of DESTINATIONS.entries())
    await assertUsage(t, () => call(URL_, destination, { retries: 0 }), `destination ${index}`)
  for (const [index, url] of URLS.entries())
    await assertUsage(t, () => call(url, `${dir}/x`, { retries: 0 }), `URL ${index}`)
  t.strictSame(names(dir), [])
})

t.test('a misspelt property of a destination is named, with the right one', async (t) => {
  for (const [destination, message] of [
    [{ dir: '.' }, 'a destination has no property "dir"; did you mean "directory"?'],
    [{ directory: '.', name: 'x' }, 'a destination has no property "name"'],
    [new URL('file:///x'), 'the destination must be a path, { directory } or a stream'],
  ] as const)
    await t.rejects(call(URL_, destination).finished, { code: 'ERR_DOWNLOAD_USAGE', message })
})

t.test('headers are accepted in every form that fetch() accepts', async (t) => {
  const want = { 'x-a': '1', 'x-b': '2' }
  const pairs: [string, string][] = [
    ['X-A', '1'],
    ['x-b', ' 2\t'],
  ]
  for (const given of [
    Object.fromEntries(pairs),
    pairs,
    new Map(pairs),
    new Headers(pairs),
    new Set(pairs),
    new URLSearchParams('X-A=1&x-b=2'),
  ])
    t.strictSame({ ...fieldsOf(given) }, want)
  t.strictSame({ ...fieldsOf(Object.assign(Object.create(null), { a: 'b' })) }, { a: 'b' })
})

t.test('fields that are given twice are joined by their syntax', async (t) => {
  const rows: [string[][], Record<string, string>][] = [
    [
      [
        ['Cookie', 'a=1'],
        ['cookie', 'b=2'],
      ],
      { cookie: 'a=1; b=2' },
    ],
    [
      [
        ['Accept', 'a/b'],
        ['accept', 'c/d;q=0.1'],
        ['ACCEPT', '*/*'],
      ],
      { accept: 'a/b, c/d;q=0.1, */*' },
    ],
    [
      [
        ['X-Any', ''],
        ['X-Any', 'b'],
      ],
      { 'x-any': 'b' },
    ],
  ]
  for (const [given, want] of rows) t.strictSame({ ...fieldsOf(given as [string, string][]) }, want)
  t.strictSame({ ...fieldsOf({ Cookie: 'a=1', cookie: 'b=2' }) }, { cookie: 'a=1; b=2' }, 'in a record, too')
  for (const name of ['Authorization', 'User-Agent', 'Referer', 'From'])
    t.throws(
      () =>
        fieldsOf([
          [name, 'a'],
          [name.toUpperCase(), 'b'],
        ]),
      { code: 'ERR_DOWNLOAD_USAGE' },
    )
})

/** Fields for the next hop, or that this program must set itself. */
const NOT_FOR_THE_CALLER = [
  ...['Connection', 'Keep-Alive', 'TE', 'Trailer', 'Upgrade', 'HTTP2-Settings', 'Transfer-Encoding'],
  ...['Proxy-Connection', 'Proxy-Authorization', 'Content-Length', 'Host', 'Expect', 'Accept-Encoding'],
  ...['Range', 'If-Range', 'If-Match', 'If-None-Match', 'If-Modified-Since', 'If-Unmodified-Since'],
  ...['Want-Repr-Digest', 'Want-Content-Digest'],
]

t.test('fields that the caller must not set are usage errors', async (t) => {
  const dir = t.testdir({})
  for (const name of NOT_FOR_THE_CALLER)
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase()])
      for (const value of ['x', '', 'close', '5'])
        await assertUsage(t, () => call(URL_, `${dir}/x`, { headers: { [spelling]: value } }), spelling)
  const command = await rangeGet(['-H', 'Trailer: x', URL_], dir).ended
  t.equal(command.status, 2)
  t.match(command.stderr, /Trailer is not for the caller to set/)
})

t.test('unusual fields reach the server unchanged', async (t) => {
  const server = await startHostile((request, socket) =>
    answerHonestly(resource(makeContent(1000)), request, socket),
  )
  t.teardown(() => server.stop())
  const given: Record<string, string> = {}
  for (const name of ['content-disposition', 'content-encoding', 'content-range', 'content-type', 'date'])
    given[name] = 'x'
  for (const name of ['set-cookie', 'cookie', 'constructor', '__proto__', 'toString', 'via', 'a-im'])
    given[name.toLowerCase()] = 'x'
  for (const name of ['upgrade-insecure-requests', 'sec-websocket-key', 'alt-used', '!#$%&*+.^_`|~'])
    given[name] = 'caf\xe9'
  await download(`${server.url}/x`, `${t.testdir({})}/x`, { headers: Object.entries(given) }).finished
  for (const [name, value] of Object.entries(given))
    t.equal(server.requests[0]?.headers.get(name), value, name)
})

t.test('-H may be repeated, and blanks around a URL are ignored', async (t) => {
  const server = await startHostile((request, socket) =>
    answerHonestly(resource(makeContent(1000)), request, socket),
  )
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const fields = ['-H', 'Cookie: a=1', '-H', 'Cookie: b=2', '-H', 'Accept: a/b', '-H', 'accept: c/d']
  for (const url of [
    ` ${server.url}/1`,
    `${server.url}/2\n`,
    `\t ${server.url.replace('http://', '')}/3 `,
    `\u00a0${server.url}/4\ufeff`,
  ])
    t.equal((await rangeGet(['-q', ...fields, url], dir).ended).status, 0, JSON.stringify(url))
  await download(` ${server.url}/5\n`, { directory: dir }).finished
  t.strictSame(names(dir), ['1', '2', '3', '4', '5'])
  t.equal(server.requests[0]?.headers.get('cookie'), 'a=1; b=2')
  t.equal(server.requests[0]?.headers.get('accept'), 'a/b, c/d')
  const twice = await rangeGet(['-q', '-H', 'User-Agent: a', '-H', 'User-Agent: b', `${server.url}/6`], dir)
    .ended
  t.equal(twice.status, 2)
  t.match(twice.stderr, /user-agent has one value, but was given twice/)
  t.equal((await rangeGet(['-q', '  '], dir).ended).status, 2)
})
