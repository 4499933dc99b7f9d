// Something on the way shortens each body, and makes it look complete. The Content-Range of a part still says the size.
import t from 'tap'
import { head, makeContent, type Resource, type Script, sha256, wanted } from '../support/hostile-server.ts'
import { outcomeOf, play, type Scenario } from '../support/scenario.ts'

const CONTENT = makeContent(200_000)
const SIZE = CONTENT.length
const LONG_AGO = 'Mon, 05 Jan 2026 10:00:00 GMT'

const FRAMINGS = ['length', 'chunked', 'close'] as const
/** How the end of a body is marked. */
type Framing = (typeof FRAMINGS)[number]

interface Shortening {
  readonly part: Framing
  readonly whole: Framing
  readonly fields: Resource['fields']
  /** What is left of `bytes`. */
  readonly left: (bytes: Buffer, hasRange: boolean) => Buffer
}

const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length / 2)

const chunked = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')])

const shortening =
  ({ part, whole, fields, left }: Shortening): Script =>
  (request, socket) => {
    const range = wanted(request, SIZE)
    const { start, end } = range ?? { start: 0, end: SIZE }
    const body = left(CONTENT.subarray(start, end), range !== null)
    const framing = range === null ? whole : part
    const mark = {
      length: { 'content-length': body.length },
      chunked: { 'transfer-encoding': 'chunked' },
      close: { connection: 'close' },
    }[framing]
    const at = range === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${SIZE}` }
    socket.write(head(range === null ? '200 OK' : '206 Partial Content', { ...fields, ...at, ...mark }))
    socket.write(framing === 'chunked' ? chunked(body) : body)
    if (framing === 'close') socket.end()
  }

const QUICK = { retries: 2, retryDelay: 1, maxRetryDelay: 5 }
const VERSIONS: Readonly<Record<string, Resource['fields']>> = {
  'a strong tag': { etag: '"a"' },
  'a weak tag': { etag: 'W/"a"' },
  'a date': { 'last-modified': LONG_AGO },
  'no validator': {},
}

const halves: Scenario[] = Object.entries(VERSIONS).flatMap(([version, fields]) =>
  FRAMINGS.flatMap((part) =>
    FRAMINGS.map((whole) => ({
      name: `half of each body, with ${version}; a part ends by ${part}, the whole by ${whole}`,
      script: shortening({ part, whole, fields, left: half }),
      want: 'any',
      also: (t, { code, message, file }) => {
        t.match(code, /^ERR_DOWNLOAD_(?:NETWORK|PROTOCOL)$/, message)
        t.equal(file, null, 'nothing under the final name')
      },
    })),
  ),
)

const byLength = { part: 'length', whole: 'length', fields: { etag: '"a"' } } as const
const limited = (bytes: Buffer): Buffer => bytes.subarray(0, 20_000)

const others: Scenario[] = [
  {
    name: 'no body is longer than a limit, and parts are shorter',
    script: shortening({ ...byLength, left: limited }),
    options: { segmentSize: 20_000 },
    want: CONTENT,
  },
  {
    name: 'no body is longer than a limit, and a part would be',
    script: shortening({ ...byLength, left: limited }),
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'only parts are shortened',
    script: shortening({ ...byLength, left: (bytes, hasRange) => (hasRange ? half(bytes) : bytes) }),
    want: CONTENT,
  },
  {
    name: 'half of each body, and a checksum that decides',
    script: shortening({ ...byLength, left: half }),
    options: { checksum: `sha-256:${sha256(CONTENT)}` },
    want: 'ERR_DOWNLOAD_DIGEST',
  },
  {
    name: 'a server that writes more into Content-Range than it has, and a checksum that decides',
    script: (request, socket) => {
      const range = wanted(request, SIZE)
      const at = range === null ? {} : { 'content-range': `bytes ${range.start}-${SIZE}/${SIZE + 1}` }
      const status = range === null ? '200 OK' : '206 Partial Content'
      socket.write(head(status, { ...at, etag: '"a"', 'content-length': SIZE }))
      socket.write(CONTENT)
    },
    options: { checksum: `sha-256:${sha256(CONTENT)}` },
    want: CONTENT,
  },
]

for (const scenario of [...halves, ...others])
  t.test(`${outcomeOf(scenario.want)}: ${scenario.name}`, (t) => play(t, scenario, QUICK))
