// A page or a content coding in place of a file. It is refused at once, or accepted where the names allow it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DownloadError, type DownloadOptions, download } from 'range-get'
import t, { type Test } from 'tap'
import { head, type Script, startHostile } from '../support/hostile-server.ts'
import { QUICK } from '../support/run.ts'

const PAGE = '<h1>Log in</h1>\n'

/** Sends a page with `fields`. `/from…` redirects to `/login`, and `/by/…` to `/from/…`. */
const page =
  (fields: Readonly<Record<string, string>> = {}): Script =>
  ({ path }, socket) => {
    if (path.startsWith('/by')) {
      socket.write(head('302 Found', { location: '/from/m.zip', 'content-length': 0 }))
      return
    }
    if (path.startsWith('/from')) {
      socket.write(head('302 Found', { location: '/login', 'content-length': 0 }))
      return
    }
    socket.write(head('200 OK', { 'content-type': 'text/html', 'content-length': PAGE.length, ...fields }))
    socket.write(PAGE)
  }

interface Row {
  path: string
  output?: string
  fields?: Readonly<Record<string, string>>
  options?: DownloadOptions
  requests: number
}

async function run(t: Test, { path, output, fields = {}, options = {} }: Row) {
  const server = await startHostile(page(fields))
  t.teardown(() => server.stop())
  const directory = t.testdir({})
  const destination = output === undefined ? { directory } : join(directory, output)
  const end = await download(`${server.url}${path}`, destination, { ...QUICK, ...options }).finished.catch(
    (error: unknown) => error,
  )
  return { server, directory, end }
}

const refused: Row[] = [
  { path: '/m.safetensors', requests: 1 },
  { path: '/kernel.x86_64', requests: 1 },
  { path: '/download', output: 'm.bin', requests: 1 },
  { path: '/download', fields: { 'content-disposition': 'attachment; filename="m.zip"' }, requests: 1 },
  // The target of a redirect may have expired, so its origin is asked at most once more.
  { path: '/from/m.safetensors', requests: 2 },
  { path: '/by/dl', requests: 3 },
  { path: '/by/dl', output: 'model', requests: 3 },
  ...[
    ...[
      '/.zip',
      '/..zip',
      '/%2Ezip',
      '/...zip',
      '/.a.zip',
      '/.zip.',
      '/.zip/',
      '/.ZIP%20',
      '/%20.zip',
      '/.zip?a=b.html',
    ],
    ...[
      '/a.zip.',
      '/a.zip..',
      '/a.ZIP%20',
      '/a.zip%20.',
      '/a.zip%09',
      '/a.zip%C2%A0',
      '/a.zip%E2%80%8B',
      '/a.zip%00',
    ],
    ...[
      '/a.zip?x=y',
      '/a.zip?x.html',
      '/a.zip#x.html',
      '/a.zip%3Fx=y',
      '/a.zip%3Fx.html',
      '/a.zip%2F',
      '/a.zip%2F.',
    ],
    ...[
      '/a.zip//',
      '/a.zip/%20',
      '/a.zip/...',
      '/a.zip/%E2%80%8B/',
      '/x/.zip%2F%20',
      '/.safetensors',
      '/.7z',
    ],
  ].map((path) => ({ path, requests: 1 })),
  ...['.zip', '..zip', 'a.zip.', 'a.ZIP ', 'a.zip. .'].flatMap((name) => [
    { path: '/download', output: name, requests: 1 },
    { path: '/download', fields: { 'content-disposition': `attachment; filename="${name}"` }, requests: 1 },
  ]),
  {
    path: '/download',
    fields: { 'content-disposition': `attachment; filename*=UTF-8''${'a'.repeat(250)}.%D1%84` },
    requests: 1,
  },
  ...['/f.pdf;jsessionid=1', '/f.%D1%84', '/f.a%20b', '/f.%F4', `/${'a'.repeat(200)}.%D1%84`].map((path) => ({
    path,
    requests: 1,
  })),
  ...[
    'text/html, text/html',
    'application/zip, text/html',
    'text/html; charset="a,b", application/zip',
    'text/html\r\ncontent-type: application/zip',
    'application/zip\r\ncontent-type: text/html',
    '"text/html"',
    '"text/html; charset=utf-8"',
    'multipart/byteranges; boundary=x',
    'Multipart/ByteRanges',
  ].map((type) => ({ path: '/m.zip', fields: { 'content-type': type }, requests: 1 })),
  {
    path: '/download',
    fields: { 'content-type': 'multipart/byteranges; boundary=x' },
    options: { html: 'accept' },
    requests: 1,
  },
  {
    path: '/data.json',
    fields: { 'content-encoding': 'gzip', 'content-type': 'application/json' },
    requests: 1,
  },
]

for (const row of refused) {
  t.test(
    `${row.path.slice(-30)} as ${row.output ?? JSON.stringify(row.fields ?? {}).slice(-60)} is refused without retries`,
    async (t) => {
      const { end, server, directory } = await run(t, row)
      t.ok(end instanceof DownloadError)
      t.equal((end as DownloadError).code, 'ERR_DOWNLOAD_PROTOCOL')
      // One more request without Range to the end of the redirects, and then one to the origin.
      const again = row.requests === 1 ? 1 : row.requests + 1
      t.equal(server.requests.length, row.requests + again)
      t.strictSame(readdirSync(directory), [])
    },
  )
}

const taken: Row[] = [
  { path: '/download', requests: 1 },
  { path: '/', requests: 1 },
  ...[
    '/.html',
    '/index.html.',
    '/index.html%20',
    '/index.html?x=a.zip',
    '/index.html%3Fv=1.2',
    '/a.php%3Fx=1.2',
  ].map((path) => ({ path, requests: 1 })),
  { path: '/v1.2', output: 'notes.html', requests: 1 },
  { path: '/from/nowhere', requests: 2 },
  { path: '/m.safetensors', options: { html: 'accept' }, requests: 1 },
  { path: '/m.dat', fields: { 'content-type': 'text/plain; note="a, text/html"' }, requests: 1 },
  { path: '/m.mht', fields: { 'content-type': 'multipart/related; boundary=x' }, requests: 1 },
  {
    path: '/a.tar.gz',
    fields: { 'content-encoding': 'x-gzip', 'content-type': 'application/x-tar' },
    requests: 1,
  },
  {
    path: '/a.bin',
    fields: { 'content-encoding': 'aws-chunked', 'content-type': 'application/octet-stream' },
    requests: 1,
  },
]

for (const row of taken) {
  t.test(`a page is accepted (${row.path} as ${row.output ?? 'it is'})`, async (t) => {
    const { end, directory } = await run(t, row)
    t.notOk(end instanceof Error, String(end))
    for (const name of readdirSync(directory)) t.equal(readFileSync(join(directory, name), 'utf8'), PAGE)
  })
}
