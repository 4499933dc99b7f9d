// A file that does not have its digest is compared with its server, part by part. Whatever the server answers, the download
// ends, and no file is wrong.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type DownloadOptions, download } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  answerHonestly,
  type HostileServer,
  head,
  makeContent,
  part,
  type RawRequest,
  resource,
  type Script,
  startHostile,
  wanted,
} from '../support/hostile-server.ts'
import { type End, endOf, get, names, QUICK } from '../support/run.ts'

const CONTENT = makeContent(200_000)
const SIZE = CONTENT.length
const SEGMENTS = 4
const VALID = { etag: '"v1"' }

const field = (bytes: Buffer): string => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
const REPR = { 'repr-digest': field(CONTENT) }
const OTHER = field(Buffer.from('other bytes'))
const CHECKSUM = `sha-256=${createHash('sha256').update(CONTENT).digest('hex')}`

interface Part {
  readonly fields?: Readonly<Record<string, string>>
  readonly damage?: 'flipped'
}

/** Sends a part, perhaps with a flipped bit. */
const sendPart =
  ({ fields = {}, damage }: Part): Script =>
  (request, socket) => {
    const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    const body = Buffer.from(CONTENT.subarray(start, end))
    socket.write(part({ start, end }, SIZE, { ...VALID, ...fields }))
    if (damage !== undefined) body[100] = (body[100] ?? 0) ^ 1
    socket.write(body)
  }

/** Sends a part with its Content-Digest. */
const digested =
  (fields: Readonly<Record<string, string>> = {}): Script =>
  (request, socket) => {
    const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    const digest = field(CONTENT.subarray(start, end))
    return sendPart({ fields: { 'content-digest': digest, ...fields } })(request, socket)
  }

/** Damages the second segment, and answers later requests as `later` does. */
const damaged =
  (later: Script, fields: Readonly<Record<string, string>> = {}): Script =>
  (request, socket) => {
    if (request.index >= SEGMENTS) return later(request, socket)
    return sendPart({ fields, ...(request.index === 1 ? { damage: 'flipped' } : {}) })(request, socket)
  }

const refuse =
  (status: string): Script =>
  (_request, socket) => {
    socket.write(head(status, { 'content-length': 0 }))
  }

/** Does `first` for some requests after the segments. */
const next =
  (count: number, first: Script, later: Script): Script =>
  (request, socket) =>
    request.index < SEGMENTS + count ? first(request, socket) : later(request, socket)

interface Row {
  readonly name: string
  readonly script: Script
  readonly options?: DownloadOptions
  readonly want: 'checksum' | 'digest' | 'length' | 'ERR_DOWNLOAD_DIGEST'
  /** Requests at most, besides those for the segments. */
  readonly most: number
}

const rows: Row[] = [
  {
    name: 'the digest of the file is right, and so are those of its parts',
    script: damaged(digested(REPR), REPR),
    want: 'digest',
    most: 1 + SEGMENTS,
  },
  {
    name: 'the caller gives the checksum',
    script: damaged(digested()),
    options: { checksum: CHECKSUM },
    want: 'checksum',
    most: 1 + SEGMENTS,
  },
  {
    name: 'the check is refused twice before it works',
    script: damaged(next(2, refuse('503 Service Unavailable'), digested(REPR)), REPR),
    want: 'digest',
    most: 3 + SEGMENTS,
  },
  {
    name: 'the connection breaks off twice before the check works',
    script: damaged(
      next(2, (_request, socket) => void socket.destroy(), digested(REPR)),
      REPR,
    ),
    want: 'digest',
    most: 3 + SEGMENTS,
  },
  {
    name: 'the server has no digests of parts',
    script: damaged(sendPart({ fields: REPR }), REPR),
    want: 'ERR_DOWNLOAD_DIGEST',
    most: 1,
  },
  {
    name: 'the server forbids the check, and no request is repeated',
    script: damaged(refuse('403 Forbidden'), REPR),
    options: { retries: 0 },
    want: 'ERR_DOWNLOAD_DIGEST',
    most: 1,
  },
  {
    name: 'the server answers with the whole file',
    script: damaged((_request, socket) => {
      socket.write(head('200 OK', { ...VALID, ...REPR, 'content-length': SIZE }))
      socket.write(CONTENT)
    }, REPR),
    want: 'ERR_DOWNLOAD_DIGEST',
    most: 1,
  },
  {
    name: 'the server answers with fewer bytes than it was asked for',
    script: damaged((request, socket) => {
      const range = { start: request.range?.start ?? 0, end: (request.range?.start ?? 0) + 10 }
      const digest = field(CONTENT.subarray(range.start, range.end))
      socket.write(part(range, SIZE, { ...VALID, ...REPR, 'content-digest': digest }))
      socket.write(CONTENT.subarray(range.start, range.end))
    }, REPR),
    want: 'ERR_DOWNLOAD_DIGEST',
    most: 1,
  },
  {
    name: 'the parts are right, and the digest of the file is not',
    script: (request, socket) => digested({ 'repr-digest': OTHER })(request, socket),
    want: 'ERR_DOWNLOAD_DIGEST',
    most: 1,
  },
  {
    name: 'no part ever has the digest that was sent with it',
    script: damaged(sendPart({ fields: { ...REPR, 'content-digest': OTHER } }), REPR),
    want: 'ERR_DOWNLOAD_DIGEST',
    // Each of the connections may have one more part that is wrong, before the third one ends the download.
    most: 1 + 3 + SEGMENTS,
  },
  {
    name: 'the file stays damaged, with digests that say otherwise',
    script: damaged((request, socket) => {
      const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
      const body = Buffer.from(CONTENT.subarray(start, end)).fill('x', 10, 20)
      const fields = { ...VALID, 'content-digest': field(body) }
      socket.write(part({ start, end }, SIZE, fields))
      socket.write(body)
    }),
    options: { checksum: CHECKSUM },
    want: 'ERR_DOWNLOAD_DIGEST',
    most: 1 + SEGMENTS,
  },
  {
    name: 'a wrong checksum is given, and the file has the digest of the server',
    script: sendPart({ fields: REPR }),
    options: { checksum: `sha-256=${'0'.repeat(64)}` },
    want: 'ERR_DOWNLOAD_DIGEST',
    most: 0,
  },
]

/** One part comes with its Content-Digest, and then the server has no digest of the whole file yet. */
const oneDigested =
  (later: Script, damage?: 'flipped'): Script =>
  (request, socket) => {
    if (request.index >= SEGMENTS) return later(request, socket)
    if (request.index === SEGMENTS - 1) return digested()(request, socket)
    return sendPart(request.index === 1 && damage !== undefined ? { damage } : {})(request, socket)
  }

const doubts: Row[] = [
  {
    name: 'every part is right',
    script: oneDigested(digested()),
    want: 'length',
    most: 1,
  },
  {
    name: 'a part is damaged',
    script: oneDigested(digested(), 'flipped'),
    want: 'length',
    most: 1 + SEGMENTS,
  },
  {
    name: 'the server knows the digest of the file by now',
    script: oneDigested(digested(REPR)),
    want: 'digest',
    most: 1,
  },
  {
    name: 'the server knows the digest of the damaged file by now',
    script: oneDigested(digested(REPR), 'flipped'),
    want: 'digest',
    most: 2 + SEGMENTS,
  },
  {
    name: 'the server does not answer the check',
    script: oneDigested(refuse('503 Service Unavailable')),
    want: 'length',
    most: 1,
  },
]

async function run(t: Test, { script, options }: Pick<Row, 'script' | 'options'>, dir = t.testdir({})) {
  const server = await startHostile(script)
  t.teardown(() => server.stop())
  // One connection, so that the requests are numbered in the order of the segments.
  const end = await get(`${server.url}/file.bin`, dir, { segmentSize: 50_000, connections: 1, ...options })
  return { server, end, dir }
}

function check(t: Test, { want, most }: Row, { end, server, dir }: Awaited<ReturnType<typeof run>>): void {
  t.ok(server.requests.length <= SEGMENTS + most, `${server.requests.length} requests`)
  if (want === 'ERR_DOWNLOAD_DIGEST') {
    t.equal(end.code, want, end.message)
    t.strictSame(names(dir), [], 'there is neither a finished file nor a part file')
  } else {
    sameBytes(t, end.file, CONTENT, end.message)
    t.equal(end.result?.integrity, want)
  }
}

for (const row of rows)
  t.test(`a damaged file ends with ${row.want} (${row.name})`, async (t) => {
    check(t, row, await run(t, row))
  })

for (const row of doubts)
  t.test(`parts without digests are compared in the end, with ${row.want} (${row.name})`, async (t) => {
    check(t, row, await run(t, row))
  })

/** Starts a download of a file that is damaged, from a server that then does `later`. */
function begun(
  server: HostileServer,
  dir: string,
  options: DownloadOptions,
): { end: Promise<End>; stop(): void } {
  const stop = new AbortController()
  const path = join(dir, 'file.bin')
  const started = download(`${server.url}/file.bin`, path, {
    ...QUICK,
    segmentSize: 50_000,
    connections: 1,
    signal: stop.signal,
    ...options,
  })
  return { end: endOf(started, path), stop: () => stop.abort() }
}

t.test(
  'a download that cannot reach the server to look for damage is resumed, and repaired then',
  async (t) => {
    const dir = t.testdir({})
    const isCheck = ({ index }: RawRequest): boolean => index >= SEGMENTS && index < SEGMENTS + 3
    const server = await startHostile((request, socket) =>
      isCheck(request) ? void socket.destroy() : damaged(digested(REPR), REPR)(request, socket),
    )
    t.teardown(() => server.stop())
    const failed = await begun(server, dir, { retries: 1 }).end
    t.equal(failed.code, 'ERR_DOWNLOAD_NETWORK', failed.message)
    t.ok(names(dir).includes('file.bin.part'), 'the bytes are kept')
    const end = await begun(server, dir, {}).end
    sameBytes(t, end.file, CONTENT, end.message)
    t.equal(end.result?.integrity, 'digest')
  },
)

t.test('a stop while damage is looked for keeps the bytes', async (t) => {
  const dir = t.testdir({})
  let reach = (): void => {}
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const server = await startHostile(damaged(() => reach(), REPR))
  t.teardown(() => server.stop())
  const { end, stop } = begun(server, dir, { stallTimeout: 60_000 })
  await reached
  stop()
  t.equal((await end).code, 'ERR_DOWNLOAD_ABORTED')
  t.ok(names(dir).includes('file.bin.part'))
})

t.test('a later head with another digest of the file is one of another version', async (t) => {
  const other = resource(makeContent(SIZE, 'version B'))
  const script: Script = (request, socket) => {
    if (request.index > 1) return answerHonestly(other, request, socket)
    return sendPart({ fields: { 'repr-digest': request.index === 0 ? field(CONTENT) : OTHER } })(
      request,
      socket,
    )
  }
  const { end } = await run(t, { script })
  sameBytes(t, end.file, other.content, end.message)
})
