// Servers that would keep a client busy for ever. Every loop is counted, and every request has an end.
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  answerHonestly,
  atFirst,
  head,
  honest,
  makeContent,
  part,
  type RawRequest,
  resource,
  type Script,
  startHostile,
  wanted,
} from '../support/hostile-server.ts'
import { get, names } from '../support/run.ts'
import { outcomeOf, play, type Scenario } from '../support/scenario.ts'

const CONTENT = makeContent(300_000)
const A = resource(CONTENT)
const SIZE = CONTENT.length

/** How many requests have come on each connection. */
const turns = new WeakMap<Socket, number>()
function turn(socket: Socket): number {
  const count = (turns.get(socket) ?? 0) + 1
  turns.set(socket, count)
  return count
}

/** Does `again` on a connection that has been used before. */
const onReuse =
  (fresh: Script, again: Script): Script =>
  (request, socket) =>
    turn(socket) > 1 ? again(request, socket) : fresh(request, socket)

const paths = new Set<string>()
function isNew(path: string): boolean {
  const isKnown = paths.has(path)
  paths.add(path)
  return !isKnown
}

const close: Script = (_, socket) => void socket.destroy()
const redirect =
  (to: string): Script =>
  (_, socket) =>
    void socket.write(head('302 Found', { location: to, 'content-length': 0 }))

/** Answers with `bytes` of what was asked for, as a server may that sends only small parts. */
const scanty =
  (bytes: number): Script =>
  (request, socket) => {
    const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    const upTo = Math.min(end, start + bytes)
    socket.write(part({ start, end: upTo }, SIZE, A.fields))
    socket.write(CONTENT.subarray(start, upTo))
  }

/** Sends a part of `bytes` for a range, and the whole file for a request without one. */
const scantyUnlessWhole =
  (bytes: number): Script =>
  (request, socket) =>
    request.range === null ? answerHonestly(A, request, socket) : scanty(bytes)(request, socket)

/** Writes `first`, then `text` again and again, as fast as it is read. */
const forEver =
  (first: string, text: string): Script =>
  (_, socket) => {
    socket.write(first)
    const more = (): void => {
      if (socket.destroyed) return
      if (socket.write(text)) setImmediate(more)
      else socket.once('drain', more)
    }
    more()
  }

/** Writes `first`, then `text` every 20 ms. */
const drip =
  (first: string, text: string): Script =>
  async (_, socket) => {
    socket.write(first)
    while (!socket.destroyed) {
      socket.write(text)
      await sleep(20)
    }
  }

/** Sends `bytes` and closes after they have been read, because unread bytes may be lost when a connection ends. */
async function breakOff(socket: Socket, bytes: Buffer): Promise<void> {
  socket.write(bytes)
  await sleep(100)
  socket.end()
}

const chunked = head('200 OK', { 'transfer-encoding': 'chunked', ...A.fields })

interface Row extends Scenario {
  /** The most requests that may be made. */
  most: number
  message?: RegExp
}

const ROWS: Row[] = [
  {
    name: '302 on a new connection, and a close on a reused one',
    script: onReuse(redirect('/next'), close),
    want: 'ERR_DOWNLOAD_PROTOCOL',
    message: /redirects more than 10 times/,
    most: 50,
  },
  {
    name: '302 on a new connection, a close on a reused one, and 200 from its target',
    script: onReuse(
      (request, socket) =>
        request.path === '/next' ? answerHonestly(A, request, socket) : redirect('/next')(request, socket),
      close,
    ),
    want: CONTENT,
    most: 10,
  },
  {
    name: 'a part on a new connection, and a close on a reused one',
    script: onReuse(scanty(20_000), close),
    options: { segmentSize: 20_000 },
    want: CONTENT,
    most: 45,
  },
  {
    name: 'a part on a new connection, and silence on a reused one',
    script: onReuse(scanty(1000), () => undefined),
    options: { stallTimeout: 100, connections: 1 },
    want: 'ERR_DOWNLOAD_NETWORK',
    most: 10,
  },
  {
    name: 'every connection is closed without an answer',
    script: close,
    want: 'ERR_DOWNLOAD_NETWORK',
    most: 3,
  },
  {
    name: 'redirects that alternate',
    script: (request, socket) =>
      redirect(request.path === '/file.bin' ? '/other' : '/file.bin')(request, socket),
    want: 'ERR_DOWNLOAD_PROTOCOL',
    most: 22,
  },
  {
    name: 'a new redirect each time',
    script: (request, socket) => redirect(`/${request.index}`)(request, socket),
    want: 'ERR_DOWNLOAD_PROTOCOL',
    most: 22,
  },
  {
    name: 'a redirect that leads to a byte, then to 403',
    script: (request, socket) => {
      if (request.path === '/file.bin') return redirect(`/at/${request.index}`)(request, socket)
      if (isNew(request.path)) return scanty(1)(request, socket)
      socket.write(head('403 No', { 'content-length': 0 }))
    },
    options: { connections: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
    most: 300,
  },
  {
    name: '101',
    script: (_, socket) =>
      void socket.write(head('101 Switching Protocols', { connection: 'upgrade', upgrade: 'x' })),
    want: 'ERR_DOWNLOAD_PROTOCOL',
    message: /it switches protocols, which was not asked for/,
    most: 3,
  },
  {
    name: '101 without a protocol',
    script: (_, socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    want: 'ERR_DOWNLOAD_PROTOCOL',
    message: /the server answered 101 Switching Protocols to a GET/,
    most: 3,
  },
  {
    name: '101, then the file',
    script: (request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
      answerHonestly(A, request, socket)
    },
    want: 'ERR_DOWNLOAD_PROTOCOL',
    most: 3,
  },
  {
    name: 'a few interim answers, then the file',
    script: (request, socket) => {
      for (const line of ['100 Continue', '102 Processing', '103 Early Hints', '199 What'])
        socket.write(`HTTP/1.1 ${line}\r\n\r\n`)
      answerHonestly(A, request, socket)
    },
    want: CONTENT,
    most: 5,
  },
  {
    name: 'interim answers without end',
    script: forEver('', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50)),
    want: 'ERR_DOWNLOAD_PROTOCOL',
    message: /interim answers/,
    most: 3,
  },
  {
    name: 'an interim answer now and then, without end',
    script: drip('', 'HTTP/1.1 102 Processing\r\n\r\n'),
    want: 'ERR_DOWNLOAD_NETWORK',
    message: /no answer within/,
    most: 3,
  },
  {
    name: 'a head without end',
    script: forEver('HTTP/1.1 200 OK\r\n', 'x-more: and more\r\n'.repeat(50)),
    want: 'ERR_DOWNLOAD_PROTOCOL',
    most: 3,
  },
  {
    name: 'a head that comes byte by byte',
    script: drip('HTTP/1.1 200 OK\r\nx: ', 'x'),
    want: 'ERR_DOWNLOAD_NETWORK',
    message: /no answer within/,
    most: 3,
  },
  {
    name: 'a chunk extension without end',
    script: forEver(`${chunked}5;x=`, 'y'.repeat(1000)),
    want: 'ERR_DOWNLOAD_PROTOCOL',
    most: 3,
  },
  {
    name: 'a chunk extension that comes byte by byte',
    script: drip(`${chunked}5;x=`, 'y'),
    want: 'ERR_DOWNLOAD_NETWORK',
    message: /nothing came for/,
    most: 3,
  },
  {
    name: 'trailers without end',
    script: forEver(`${chunked}5\r\nhello\r\n0\r\n`, 'x-more: and more\r\n'.repeat(50)),
    want: 'ERR_DOWNLOAD_PROTOCOL',
    most: 3,
  },
  {
    name: 'trailers that come byte by byte',
    script: drip(`${chunked}5\r\nhello\r\n0\r\nx: `, 'x'),
    want: 'ERR_DOWNLOAD_NETWORK',
    message: /nothing came for/,
    most: 3,
  },
  {
    name: 'parts of one byte, and the whole file without Range',
    script: scantyUnlessWhole(1),
    want: CONTENT,
    most: 300,
  },
  {
    name: 'parts of one byte, even without Range',
    script: scanty(1),
    want: 'ERR_DOWNLOAD_PROTOCOL',
    most: 300,
  },
  {
    name: 'parts of one byte, and every second one breaks off',
    script: (request, socket) => {
      if (request.index % 2 === 0) return scanty(1)(request, socket)
      const { start } = wanted(request, SIZE) ?? { start: 0 }
      socket.end(part({ start, end: SIZE }, SIZE, A.fields))
    },
    want: 'ERR_DOWNLOAD_NETWORK',
    most: 20,
  },
  {
    name: 'small parts of 5000 bytes',
    script: scanty(5000),
    want: CONTENT,
    most: 70,
  },
  {
    name: 'parts as small as the segments asked for',
    script: (request, socket) => answerHonestly(B, request, socket),
    options: { segmentSize: 4, connections: 1 },
    want: makeContent(400),
    most: 101,
  },
  {
    name: 'a byte, then a broken connection, for ever',
    script: (request, socket) => {
      const { start } = wanted(request, SIZE) ?? { start: 0 }
      socket.write(part({ start, end: SIZE }, SIZE, A.fields))
      socket.end(CONTENT.subarray(start, start + 1))
    },
    want: 'ERR_DOWNLOAD_NETWORK',
    most: 10,
  },
  {
    name: 'no length and no ranges, and a break at the same byte for ever',
    script: async (_, socket) => {
      socket.write(`${chunked}${SIZE.toString(16)}\r\n`)
      await breakOff(socket, CONTENT.subarray(0, 280_000))
    },
    want: 'ERR_DOWNLOAD_NETWORK',
    most: 10,
  },
  {
    name: 'no ranges, and a break at the same byte for ever',
    script: async (_, socket) => {
      socket.write(head('200 OK', { ...A.fields, 'content-length': SIZE }))
      await breakOff(socket, CONTENT.subarray(0, 280_000))
    },
    want: 'ERR_DOWNLOAD_NETWORK',
    most: 10,
  },
  {
    name: 'parts with a digest that break off for ever, so that no byte is verified',
    script: async (request, socket) => {
      const range = wanted(request, SIZE) ?? { start: 0, end: SIZE }
      const digest = `sha-256=:${Buffer.alloc(32).toString('base64')}:`
      socket.write(part(range, SIZE, { ...A.fields, 'content-digest': digest }))
      await breakOff(socket, CONTENT.subarray(range.start, range.start + 150_000))
    },
    options: { segmentSize: 200_000, connections: 1 },
    want: 'ERR_DOWNLOAD_NETWORK',
    most: 10,
  },
  {
    name: 'a new version each time',
    script: (request, socket) =>
      answerHonestly(resource(CONTENT, { etag: `"${request.index}"` }), request, socket),
    options: { segmentSize: 1000 },
    want: CONTENT, // as one stream, in the end
    most: 60,
  },
  {
    name: 'a body that is a little longer than announced, for ever',
    script: (request: RawRequest, socket) => {
      const range = wanted(request, SIZE) ?? { start: 0, end: SIZE }
      socket.write(part(range, SIZE, A.fields).replace(/content-length: \d+\r\n/, ''))
      socket.end(Buffer.concat([CONTENT.subarray(range.start, range.end), Buffer.from('more')]))
    },
    want: 'any',
    most: 30,
  },
]

const B = resource(makeContent(400))

for (const row of ROWS) {
  const { most, message, also } = row
  const look: Scenario['also'] = (t, end, server) => {
    if (message !== undefined) t.match(end.message, message)
    t.comment(`${server.requests.length} requests: ${end.message}`)
    t.ok(server.requests.length <= most, `${server.requests.length} requests`)
    also?.(t, end, server)
  }
  t.test(`${outcomeOf(row.want)} (${row.name})`, (t) => play(t, { ...row, also: look }, { retries: 2 }))
}

const slowly =
  (piece: number, pause: number): Script =>
  async (request, socket) => {
    const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    socket.write(part({ start, end }, SIZE, A.fields))
    for (let at = start; at < end && !socket.destroyed; at += piece) {
      socket.write(CONTENT.subarray(at, Math.min(end, at + piece)))
      await sleep(pause)
    }
  }

t.test('minRate ends a body of two bytes a second', async (t) => {
  const server = await startHostile(slowly(2, 100))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const end = await get(`${server.url}/file.bin`, dir, { minRate: 1000, retries: 1, connections: 1 })
  t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
  t.match(
    end.message,
    /^gave up after 2 attempts: the rate was \d+ bytes per second, less than the minimum of 1000$/,
  )
  t.equal(server.requests.length, 2, 'it is asked for again on another connection')
  t.strictSame(names(dir), ['file.bin.part', 'file.bin.part.json'], 'the download can be resumed')
})

t.test('minRate does not disturb a body that is fast enough', async (t) => {
  const server = await startHostile(slowly(30_000, 300))
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), {
    minRate: 1000,
    retries: 0,
    connections: 1,
  })
  sameBytes(t, end.file, CONTENT, end.message)
  t.equal(server.requests.length, 1)
})

t.test('a body that was too slow once is fetched again, and finishes', async (t) => {
  const server = await startHostile(atFirst(1, slowly(2, 100), A))
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), {
    minRate: 1000,
    retries: 1,
    connections: 1,
  })
  sameBytes(t, end.file, CONTENT, end.message)
})

t.test('minRate counts the time until a head comes', async (t) => {
  const late: Script = async (request, socket) => {
    await sleep(400)
    await scanty(1)(request, socket)
  }
  const server = await startHostile(late)
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), {
    minRate: 1000,
    retries: 0,
    connections: 1,
  })
  t.match(end.message, /the rate was \d+ bytes per second/)
})

t.test('minRate must be below limitRate', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  for (const options of [
    { minRate: 0 },
    { minRate: 1.5 },
    { minRate: 1000, limitRate: 1000 },
    { minRate: 1, limitRate: 1 },
  ]) {
    const end = await get(`${server.url}/file.bin`, t.testdir({}), options)
    t.equal(end.code, 'ERR_DOWNLOAD_USAGE', JSON.stringify(options))
    t.match(end.message, /minRate must be/)
  }
})
