// Servers that work with other clients: an error to every range, links that work once, or one connection at a time.
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DownloadOptions } from 'range-get'
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
  send,
  startHostile,
} from '../support/hostile-server.ts'
import { type End, get } from '../support/run.ts'
import { outcomeOf } from '../support/scenario.ts'

const CONTENT = makeContent(3 * 1024 * 1024)
const A = resource(CONTENT)

const error = (status: number | string, socket: Socket): void =>
  void socket.write(head(`${status} No`, { 'content-length': 0 }))

/** Sends the whole file from `start` in `steps`, so that other connections have time for their requests. */
async function slowly(request: RawRequest, socket: Socket, steps: number): Promise<void> {
  const start = request.range?.start ?? 0
  const end = (request.range?.end ?? CONTENT.length - 1) + 1
  if (request.range === null) {
    socket.write(head('200 OK', { ...A.fields, 'content-length': CONTENT.length }))
  } else socket.write(part({ start, end }, CONTENT.length, A.fields))
  for (let i = 0; i < steps && !socket.destroyed; i++) {
    const [from, to] = [i, i + 1].map((n) => start + Math.floor(((end - start) * n) / steps))
    await send(socket, CONTENT.subarray(from, to))
    await sleep(20)
  }
}

interface Row {
  name: string
  script: () => Script
  options?: DownloadOptions
  want: Buffer | number
  also?: (t: Test, server: HostileServer, end: End) => void
}

/** Serves the whole file, and no range. */
const unlessWhole = (refusal: (socket: Socket) => void) => (): Script => (request, socket) =>
  request.headers.has('range') ? refusal(socket) : answerHonestly(A, request, socket)

const rangesOf = ({ requests }: HostileServer): boolean[] =>
  requests.map(({ headers }) => headers.has('range'))

const onlyLastWithoutRange = (t: Test, server: HostileServer): void =>
  void t.strictSame(rangesOf(server), [true, true, false])

const allWithRange = (t: Test, server: HostileServer): void =>
  void t.notOk(rangesOf(server).includes(false), 'no request without Range')

/** Serves one request, and refuses those that come at the same time, or all later ones. */
const oneAtATime = (refusal: (socket: Socket) => void): Script => {
  let isBusy = false
  return async (request, socket) => {
    if (isBusy) return refusal(socket)
    isBusy = true
    await slowly(request, socket, 15)
    isBusy = false // a moment after the last byte, as real servers do
  }
}

const rows: Row[] = [
  ...[400, 403, 405, 406, 416, 422, 501].map(
    (status): Row => ({
      name: `${status} to any Range`,
      script: () => (request, socket) =>
        request.headers.has('range') ? error(status, socket) : answerHonestly(A, request, socket),
      want: CONTENT,
      also: (t, server) => t.equal(server.requests.length, 2),
    }),
  ),
  ...[401, 404, 410].map(
    (status): Row => ({
      name: `${status} to every request`,
      script: () => (_, socket) => error(status, socket),
      want: status,
      also: (t, server) => t.strictSame(rangesOf(server), [true, false]),
    }),
  ),
  ...[500, 502, 503, 504].map(
    (status): Row => ({
      name: `${status} to any Range`,
      script: unlessWhole((socket) => error(status, socket)),
      want: CONTENT,
      also: onlyLastWithoutRange,
    }),
  ),
  {
    name: 'a reset to any Range',
    script: unlessWhole((socket) => void socket.resetAndDestroy()),
    want: CONTENT,
    also: onlyLastWithoutRange,
  },
  {
    name: 'a close to any Range',
    script: unlessWhole((socket) => void socket.end()),
    want: CONTENT,
    also: onlyLastWithoutRange,
  },
  {
    name: 'silence to any Range',
    script: unlessWhole(() => undefined),
    options: { stallTimeout: 100 },
    want: CONTENT,
    also: onlyLastWithoutRange,
  },
  {
    name: '500 to everything',
    script: () => (_, socket) => error(500, socket),
    want: 500,
    also: onlyLastWithoutRange,
  },
  {
    name: '429 to any Range',
    script: unlessWhole((socket) => error(429, socket)),
    want: 429,
    also: allWithRange,
  },
  {
    name: '503 with Retry-After to any Range',
    script: unlessWhole(
      (socket) => void socket.write(head('503 No', { 'content-length': 0, 'retry-after': 0 })),
    ),
    want: 503,
    also: allWithRange,
  },
  {
    name: 'a part, then 500',
    script: () => async (request, socket) => {
      if (request.index > 0) return error(500, socket)
      socket.write(part({ start: 0, end: CONTENT.length }, CONTENT.length, A.fields))
      await send(socket, CONTENT.subarray(0, 1_000_000))
      socket.end()
    },
    want: 500,
    also: allWithRange,
  },
  {
    name: '403 to everything',
    script: () => (_, socket) => error(403, socket),
    want: 403,
    also: (t, server) => t.equal(server.requests.length, 2, 'one more attempt without Range'),
  },
  ...[403, 404, 410, 401, 429, 500].map(
    (status): Row => ({
      name: `a link that works once, then ${status}`,
      script: () => (request, socket) =>
        request.index === 0 ? slowly(request, socket, 20) : error(status, socket),
      want: CONTENT,
      also: (t, server) => t.equal(server.requests[0]?.headers.get('range'), 'bytes=0-'),
    }),
  ),
  {
    name: 'a link that works once, then silence',
    script: () => (request, socket) => (request.index === 0 ? slowly(request, socket, 40) : undefined),
    want: CONTENT,
  },
  ...[403, 429, 503, 509].map(
    (status): Row => ({
      name: `one connection at a time, others ${status}`,
      script: () => oneAtATime((socket) => error(status, socket)),
      options: { segmentSize: 1024 * 1024, retries: 5, retryDelay: 20 },
      want: CONTENT,
    }),
  ),
  {
    name: 'one connection at a time, others reset',
    script: () => oneAtATime((socket) => void socket.resetAndDestroy()),
    options: { segmentSize: 1024 * 1024, retries: 5, retryDelay: 20 },
    want: CONTENT,
  },
  ...[412, 400, 403, 501].map(
    (status): Row => ({
      name: `${status} to every If-Range`,
      script: () => (request, socket) =>
        request.headers.has('if-range') ? error(status, socket) : answerHonestly(A, request, socket),
      options: { segmentSize: 500_000 },
      want: CONTENT,
    }),
  ),
  {
    name: '412 to every If-Range, and another version without',
    script: () => (request, socket) => {
      if (request.headers.has('if-range')) return error(412, socket)
      answerHonestly(
        request.index < 1 ? A : resource(makeContent(CONTENT.length, 'version B')),
        request,
        socket,
      )
    },
    options: { segmentSize: 500_000, connections: 1 },
    want: makeContent(CONTENT.length, 'version B'),
  },
  {
    name: 'ranges that work, so more connections join',
    script: () => (request, socket) => slowly(request, socket, 20),
    want: CONTENT,
    also: (t, server) => t.ok(server.requests.length > 1, `${server.requests.length} requests`),
  },
]

for (const { name, script, options, want, also } of rows) {
  t.test(`${outcomeOf(want)} (${name})`, async (t) => {
    const server = await startHostile(script())
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { connections: 4, retries: 2, ...options })
    if (typeof want === 'number') {
      t.equal(end.code, 'ERR_DOWNLOAD_HTTP', end.message)
      t.match(end.message, String(want))
    } else {
      t.equal(end.code, null, end.message)
      sameBytes(t, end.file, want, 'the file is exact')
    }
    also?.(t, server, end)
  })
}
