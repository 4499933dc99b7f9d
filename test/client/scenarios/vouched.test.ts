// A digest of the whole file that is known beforehand joins answers without validators: the caller's checksum, or what the
// redirects to the file say. A wrong whole is found at the end, and fetched once more in one piece.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type DownloadOptions, download } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  answerHonestly,
  type HostileServer,
  head,
  honest,
  makeContent,
  type Script,
  startHostile,
} from '../support/hostile-server.ts'
import { endOf, get, names, QUICK } from '../support/run.ts'

const CONTENT = makeContent(300_000)
const OTHER = makeContent(300_000, 'version B')
const PART = 50_000

const hash = (bytes: Buffer | string, encoding: 'hex' | 'base64' = 'base64'): string =>
  createHash('sha256').update(bytes).digest(encoding)
const CHECKSUM = `sha-256=${hash(CONTENT)}`
const GIT = '"da39a3ee5e6b4b0d3255bfef95601890afd80709"'

/** A file without validators. */
const bare = (content = CONTENT): Script => honest({ content, fields: {} })

/** A redirect with these fields to a file without validators. */
const redirecting =
  (fields: Readonly<Record<string, string>>, content = CONTENT, body = ''): Script =>
  (request, socket) => {
    if (request.path !== '/file.bin') return answerHonestly({ content, fields: {} }, request, socket)
    const all = { location: '/storage?signed=1', 'content-length': body.length, ...fields }
    socket.write(`${head('302 Found', all)}${body}`)
  }

async function serve(t: Test, script: Script): Promise<HostileServer> {
  const server = await startHostile(script)
  t.teardown(() => server.stop())
  return server
}

/** Stops after the first part. */
async function interrupted(url: string, dir: string, options: DownloadOptions): Promise<string> {
  const stop = new AbortController()
  const onSegment = (): void => stop.abort()
  const all = { ...QUICK, segmentSize: PART, connections: 1, ...options, signal: stop.signal, onSegment }
  const path = join(dir, 'file.bin')
  return (await endOf(download(`${url}/file.bin`, path, all), path)).message
}

/** The first bytes of the ranges asked for; -1 for the whole file. */
const starts = ({ requests }: HostileServer): number[] => requests.map(({ range }) => range?.start ?? -1)

interface Row {
  name: string
  script: Script
  options?: DownloadOptions
  integrity: string
}

const rows: Row[] = [
  { name: 'a checksum', script: bare(), options: { checksum: CHECKSUM }, integrity: 'checksum' },
  {
    name: 'X-Linked-ETag with a sha-256',
    script: redirecting({ 'x-linked-etag': `"${hash(CONTENT, 'hex')}"`, 'x-linked-size': '300000' }),
    integrity: 'digest',
  },
  {
    name: 'X-Linked-ETag with the object name of git',
    script: redirecting({ 'x-linked-etag': GIT }),
    integrity: 'length',
  },
  {
    name: 'Repr-Digest of a redirect',
    script: redirecting({ 'repr-digest': `sha-256=:${hash(CONTENT)}:` }),
    integrity: 'digest',
  },
  {
    name: 'Digest of a redirect with a body',
    script: redirecting({ digest: `SHA-256=${hash(CONTENT)}` }, CONTENT, '<p>Found</p>'),
    integrity: 'digest',
  },
]

for (const { name, script, options, integrity } of rows) {
  t.test(`a file without validators is resumed (${name})`, async (t) => {
    const server = await serve(t, script)
    const dir = t.testdir({})
    t.match(await interrupted(server.url, dir, options ?? {}), /can be resumed/)
    const before = server.requests.length
    const end = await get(`${server.url}/file.bin`, dir, { ...options, connections: 1 })
    sameBytes(t, end.file, CONTENT, end.message)
    t.strictSame([end.result?.integrity, end.result?.resumed], [integrity, PART])
    t.equal(server.requests[before]?.range?.start, PART, 'the first byte that was missing')
  })

  t.test(`a file without validators is fetched in parallel (${name})`, async (t) => {
    const server = await serve(t, script)
    const end = await get(`${server.url}/file.bin`, t.testdir({}), {
      ...options,
      segmentSize: PART,
      connections: 3,
    })
    sameBytes(t, end.file, CONTENT, end.message)
    t.equal(end.result?.integrity, integrity)
    t.ok(server.connections > 1)
    t.equal(Math.min(...starts(server)), 0, 'always with a range')
  })
}

t.test('without a checksum it is not resumed, and the message says why and what to do', async (t) => {
  const server = await serve(t, bare())
  const dir = t.testdir({})
  const stop = new AbortController()
  const path = join(dir, 'file.bin')
  const slow = { ...QUICK, limitRate: 20_000, signal: stop.signal }
  const run = download(`${server.url}/file.bin`, path, slow)
  for await (const { received } of run) if (received > 0) stop.abort()
  const { message } = await endOf(run, path)
  t.match(message, /cannot be resumed: the server sends no strong ETag.* With a checksum \(--checksum\)/)
  t.strictSame(names(dir), [])
})

t.test('a file that was resumed with another checksum starts over', async (t) => {
  const server = await serve(t, bare(OTHER))
  const dir = t.testdir({})
  await interrupted(server.url, dir, { checksum: CHECKSUM })
  const end = await get(`${server.url}/file.bin`, dir, { checksum: `sha-256=${hash(OTHER)}` })
  sameBytes(t, end.file, OTHER, end.message)
  t.equal(end.result?.resumed, 0)
})

t.test('a file that has changed under one checksum is fetched once more in one piece', async (t) => {
  const server = await serve(t, (request, socket) =>
    answerHonestly({ content: request.index === 0 ? OTHER : CONTENT, fields: {} }, request, socket),
  )
  const dir = t.testdir({})
  await interrupted(server.url, dir, { checksum: CHECKSUM })
  const end = await get(`${server.url}/file.bin`, dir, { checksum: CHECKSUM, connections: 1 })
  sameBytes(t, end.file, CONTENT, end.message)
  t.equal(end.result?.integrity, 'checksum')
  // The second to last asks for a Content-Digest, to find the damaged part.
  t.strictSame(starts(server).slice(-3), [PART, 0, -1], 'resumed, and then all of it')
})

t.test('a size that differs shows another version at once', async (t) => {
  const content = makeContent(300_001)
  const server = await serve(t, (request, socket) =>
    answerHonestly({ content: request.index === 0 ? CONTENT : content, fields: {} }, request, socket),
  )
  const dir = t.testdir({})
  const checksum = `sha-256=${hash(content)}`
  await interrupted(server.url, dir, { checksum })
  const end = await get(`${server.url}/file.bin`, dir, { checksum, connections: 1 })
  sameBytes(t, end.file, content, end.message)
  t.equal(end.result?.resumed, 0)
})

const wrong: { name: string; script: Script; options?: DownloadOptions; code: string; wholes: number }[] = [
  {
    name: 'the checksum, joined',
    script: bare(OTHER),
    options: { checksum: CHECKSUM, segmentSize: PART },
    code: 'ERR_DOWNLOAD_DIGEST',
    wholes: 1,
  },
  {
    name: 'the checksum, in one piece',
    script: bare(OTHER),
    options: { checksum: CHECKSUM },
    code: 'ERR_DOWNLOAD_DIGEST',
    wholes: 0,
  },
  {
    name: 'X-Linked-ETag',
    script: redirecting({ 'x-linked-etag': `"${hash(CONTENT, 'hex')}"` }, OTHER),
    options: { segmentSize: PART },
    code: 'ERR_DOWNLOAD_DIGEST',
    wholes: 1,
  },
  {
    name: 'X-Linked-ETag beside the right checksum',
    script: redirecting({ 'x-linked-etag': `"${hash(OTHER, 'hex')}"` }),
    options: { checksum: CHECKSUM },
    code: 'ERR_DOWNLOAD_DIGEST',
    wholes: 0,
  },
  {
    name: 'an md5 in the Digest of a redirect',
    script: redirecting({ digest: 'md5=AAAAAAAAAAAAAAAAAAAAAA==' }),
    code: 'ERR_DOWNLOAD_DIGEST',
    wholes: 0,
  },
  {
    name: 'X-Linked-Size',
    script: redirecting({ 'x-linked-size': '300001' }),
    options: { retries: 0 },
    code: 'ERR_DOWNLOAD_PROTOCOL',
    wholes: 0,
  },
]

for (const { name, script, options, code, wholes } of wrong) {
  t.test(`a download ends with ${code} (wrong: ${name})`, async (t) => {
    const server = await serve(t, script)
    const dir = t.testdir({})
    const end = await get(`${server.url}/file.bin`, dir, { connections: 1, ...options })
    t.equal(end.code, code, end.message)
    t.strictSame(names(dir), [])
    if (code !== 'ERR_DOWNLOAD_DIGEST') return
    // A whole is asked for at the URL of the file, so a redirect is not counted twice.
    const asked = server.requests.filter(({ path, range }) => path === '/file.bin' && range === null)
    t.equal(asked.length, wholes, 'fetched once more')
  })
}

t.test('a digest of the own body of a redirect says nothing about the file', async (t) => {
  for (const body of ['', '<p>Found</p>']) {
    const fields = { 'repr-digest': `sha-256=:${hash(body)}:` }
    const server = await serve(t, redirecting(fields, CONTENT, body))
    const end = await get(`${server.url}/file.bin`, t.testdir({}))
    sameBytes(t, end.file, CONTENT, end.message)
    t.equal(end.result?.integrity, 'length')
  }
})
