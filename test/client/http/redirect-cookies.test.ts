// The cookies that redirects set come back to the hosts that they belong to, and to no other one.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { RedirectCookies } from '#client/http/redirect-cookies.js'
import { firstTarget, redirectTarget } from '#client/http/target.js'
import { fieldLines } from '#client/rules/field-lines.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeContent } from '../support/hostile-server.ts'
import { get } from '../support/run.ts'

const CONTENT = makeContent(300_000)

interface Row {
  readonly name: string
  /** The Set-Cookie fields of a redirect from this URL. */
  readonly set: readonly string[]
  readonly from?: string
  /** The Cookie field of a request to this URL, `''` for none. */
  readonly to?: string
  readonly want: string
}

const rows: Row[] = [
  { name: 'the same host', set: ['a=1'], want: 'a=1' },
  { name: 'several', set: ['a=1; Path=/', 'b=2; HttpOnly'], want: 'a=1; b=2' },
  { name: 'another host', set: ['a=1'], to: 'https://b.test/', want: '' },
  { name: 'a host below it', set: ['a=1'], to: 'https://x.a.test/', want: '' },
  { name: 'a host below its Domain', set: ['a=1; Domain=a.test'], to: 'https://x.a.test/', want: 'a=1' },
  { name: 'a Domain above it', set: ['a=1; Domain=a.test'], from: 'https://x.a.test/', want: 'a=1' },
  { name: 'a Domain that is not its own', set: ['a=1; Domain=b.test'], to: 'https://b.test/', want: '' },
  {
    name: 'a public suffix',
    set: ['a=1; Domain=co.uk'],
    from: 'https://a.co.uk/',
    to: 'https://b.co.uk/',
    want: '',
  },
  {
    name: 'a private public suffix',
    set: ['a=1; Domain=github.io'],
    from: 'https://a.github.io/',
    to: 'https://b.github.io/',
    want: '',
  },
  { name: 'Secure over http', set: ['a=1; Secure', 'b=2'], to: 'http://a.test/', want: 'b=2' },
  { name: 'Secure that was set over http', set: ['a=1; Secure'], from: 'http://a.test/', want: '' },
  { name: 'another path', set: ['a=1; Path=/x'], to: 'https://a.test/y', want: '' },
  { name: 'a path below', set: ['a=1; Path=/x'], to: 'https://a.test/x/y', want: 'a=1' },
  {
    name: 'the path of the redirect',
    set: ['a=1'],
    from: 'https://a.test/x/y',
    to: 'https://a.test/z',
    want: '',
  },
  { name: 'expired', set: ['a=1; Max-Age=0', 'b=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT'], want: '' },
  { name: 'deleted', set: ['a=1', 'a=; Max-Age=0'], want: '' },
  { name: 'set again', set: ['a=1', 'a=2'], want: 'a=2' },
  { name: '__Host-', set: ['__Host-a=1; Secure; Path=/'], want: '__Host-a=1' },
  { name: '__Host- with a Domain', set: ['__Host-a=1; Secure; Path=/; Domain=a.test'], want: '' },
  { name: '__Secure- without Secure', set: ['__Secure-a=1'], want: '' },
  { name: 'another port', set: ['a=1'], to: 'https://a.test:444/', want: 'a=1' },
  { name: 'no cookie', set: ['nonsense', ''], want: '' },
  { name: 'one that is too long', set: [`a=${'x'.repeat(5000)}`], want: '' },
]

for (const { name, set, from = 'https://a.test/', to = 'https://a.test/', want } of rows) {
  t.test(`cookies: ${name}`, async (t) => {
    const cookies = new RedirectCookies()
    const fields = fieldLines(set.flatMap((value) => ['Set-Cookie', value]))
    await cookies.learn({ fields, target: firstTarget(from, {}) })
    t.equal((await cookies.fieldFor(firstTarget(to, {})))['cookie'] ?? '', want)
  })
}

t.test('the number of cookies has a limit, and known ones are still replaced', async (t) => {
  const cookies = new RedirectCookies()
  const target = firstTarget('https://a.test/', {})
  const learn = (...lines: string[]) =>
    cookies.learn({ fields: fieldLines(lines.flatMap((value) => ['set-cookie', value])), target })
  await learn(...Array.from({ length: 150 }, (_, index) => `c${index}=1`))
  await learn('c0=new', 'late=1')
  const sent = (await cookies.fieldFor(target))['cookie']?.split('; ') ?? []
  t.equal(sent.length, 100)
  t.ok(sent.includes('c0=new'))
  t.notOk(sent.includes('late=1'))
})

t.test('the field of the caller is joined, comes first, and stays at its origin', async (t) => {
  const cookies = new RedirectCookies()
  const target = firstTarget('https://a.test/', { COOKIE: 'a=mine; b=2' })
  await cookies.learn({ fields: fieldLines(['set-cookie', 'a=1', 'set-cookie', 'c=3']), target })
  t.strictSame(await cookies.fieldFor(target), { COOKIE: 'a=mine; b=2; c=3' })
  t.strictSame(await cookies.fieldFor(firstTarget('https://a.test/', { cookie: ' ' })), {
    cookie: 'a=1; c=3',
  })
  const away = redirectTarget(target, 'https://b.test/')
  t.strictSame(away === null ? null : [away.headers, await cookies.fieldFor(away)], [{}, {}])
})

t.test('without cookies nothing is loaded or sent', async (t) => {
  const cookies = new RedirectCookies()
  const target = firstTarget('https://a.test/', { cookie: 'a=1' })
  await cookies.learn({ fields: new Map(), target })
  t.strictSame(await cookies.fieldFor(target), {})
})

interface Gate {
  readonly url: string
  /** What was asked for, and the Cookie fields that came. */
  readonly seen: string[]
}

/** A server that sets a cookie, and gives the file only to one who sends it. `files` is the host of the file. */
async function startGate(t: Test, cookie: string, files: 'same' | 'other'): Promise<Gate> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.url} ${request.headers.cookie ?? '-'}`)
    const { port } = server.address() as AddressInfo
    const host = files === 'same' ? '127.0.0.1' : 'localhost'
    if (request.url === '/file.bin') {
      const location = `http://${host}:${port}/storage/file.bin`
      response.writeHead(302, { location, 'set-cookie': [cookie] }).end()
      return
    }
    if (request.headers.cookie?.includes('pass=1') !== true) {
      response.writeHead(403).end()
      return
    }
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Number(match?.[1] ?? 0)
    const end = Math.min(CONTENT.length, match?.[2] ? Number(match[2]) + 1 : CONTENT.length)
    const range = match === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${CONTENT.length}` }
    response.writeHead(match === null ? 200 : 206, { etag: '"v1"', 'content-length': end - start, ...range })
    response.end(CONTENT.subarray(start, end))
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`, seen }
}

t.test('a file behind a cookie is fetched in parallel', async (t) => {
  const { url, seen } = await startGate(t, 'pass=1; Path=/', 'same')
  const end = await get(url, t.testdir({}), {
    segmentSize: 50_000,
    connections: 3,
    headers: { cookie: 'own=2' },
  })
  sameBytes(t, end.file, CONTENT, end.message)
  const segments = seen.filter((each) => each.startsWith('/storage'))
  t.ok(segments.length >= 6)
  for (const each of segments) t.equal(each, '/storage/file.bin own=2; pass=1')
})

t.test('the cookie of one host is not sent to another one', async (t) => {
  const { url, seen } = await startGate(t, 'pass=1; Path=/', 'other')
  const end = await get(url, t.testdir({}), { retries: 0 })
  t.equal(end.code, 'ERR_DOWNLOAD_HTTP')
  for (const each of seen.filter((line) => line.startsWith('/storage'))) t.equal(each, '/storage/file.bin -')
})

t.test('each download has its own cookies', async (t) => {
  const { url, seen } = await startGate(t, 'pass=1; Path=/', 'same')
  const dirs = t.testdir({ a: {}, b: {} })
  for (const name of ['a', 'b']) sameBytes(t, (await get(url, `${dirs}/${name}`)).file, CONTENT)
  t.equal(seen.filter((each) => each === '/file.bin -').length, 2)
})
