// Heads that RFC 9112 forbids to write and allows to read; lengths are read as strictly as ever.
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { normalHead } from '#client/answer-heads.js'
import { makeContent, type RawRequest, startHostile, wanted } from './support/hostile-server.ts'
import { get } from './support/run.ts'

const CONTENT = makeContent(300_000)
const SIZE = CONTENT.length

type Write = (head: string) => string | Buffer

/** An honest server whose heads are rewritten. */
function rewritten(write: Write) {
  return (request: RawRequest, socket: Socket): void => {
    const range = wanted(request, SIZE)
    const { start, end } = range ?? { start: 0, end: SIZE }
    const lines = [
      range === null ? 'HTTP/1.1 200 OK' : 'HTTP/1.1 206 Partial Content',
      'ETag: "a"',
      'Server: x',
      `Content-Length: ${end - start}`,
      ...(range === null ? [] : [`Content-Range: bytes ${start}-${end - 1}/${SIZE}`]),
    ]
    const head = write(`${lines.join('\r\n')}\r\n\r\n`)
    socket.write(Buffer.concat([Buffer.from(head as string, 'latin1'), CONTENT.subarray(start, end)]))
  }
}

const taken: [name: string, write: Write][] = [
  ['LF only', (head) => head.replaceAll('\r\n', '\n')],
  ['LF in one line', (head) => head.replace('Server: x\r\n', 'Server: x\n')],
  ['LF only in the blank line', (head) => head.replace(/\r\n$/, '\n')],
  ['a folded line', (head) => head.replace('Server: x', 'Server: x\r\n y\r\n\tz')],
  ['a folded line of its own', (head) => head.replace('Server: x', 'Server:\r\n x')],
  ['a folded Content-Range', (head) => head.replace('bytes ', 'bytes\r\n ')],
  [
    'a folded line with LF only',
    (head) => head.replaceAll('\r\n', '\n').replace('Server: x', 'Server: x\n y'),
  ],
  ['Latin-1', (head) => head.replace('Server: x', 'Server: caf\xe9')],
  ['UTF-8', (head) => head.replace('Server: x', `Server: ${Buffer.from('日本').toString('latin1')}`)],
  ['a blank before a colon', (head) => head.replace('Server:', 'Server :')],
  ...[17, 40, 64].map((kib): [string, Write] => [
    `a head of ${kib} KiB`,
    (head) => head.replace('Server: x', `Server: ${'x'.repeat(kib * 1024 - 100)}`),
  ]),
  [
    'a head of 64 KiB in many lines',
    (head) =>
      head.replace('Server: x', Array.from({ length: 3000 }, (_, n) => `X-${n}: some text`).join('\r\n')),
  ],
  ['an interim answer with LF only', (head) => `HTTP/1.1 103 Early Hints\nLink: x\n\n${head}`],
]

for (const [name, write] of taken) {
  t.test(`${name} is read`, async (t) => {
    const server = await startHostile(rewritten(write))
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { segmentSize: 100_000, retries: 0 })
    t.equal(end.code, null, end.message)
    t.ok(end.file?.equals(CONTENT))
  })
}

const refused: [name: string, write: Write][] = [
  ['two lengths', (head) => head.replace('Content-Length', 'Content-Length: 5\nContent-Length')],
  ['a length and chunked', (head) => head.replace('Server: x', 'Transfer-Encoding: chunked')],
  ['a folded length', (head) => head.replace(/Content-Length: (\d)/, 'Content-Length: $1\r\n ')],
  ['a blank after Content-Length', (head) => head.replace('Content-Length:', 'Content-Length :')],
  ['a blank after Transfer-Encoding', (head) => head.replace('Server: x', 'Transfer-Encoding : chunked')],
  ['a bare CR', (head) => head.replace('Server: x', 'Server: x\ry')],
  ['a bare CR that hides a length', (head) => head.replace('Server: x', 'Server: x\rContent-Length: 5')],
  ['a NUL', (head) => head.replace('Server: x', 'Server: x\0y')],
  ['a line without a name', (head) => head.replace('Server: x', ': x')],
  ['a blank in front of the first field', (head) => head.replace('ETag', ' ETag')],
  ['no HTTP', () => 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a head without an end', () => `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(400 * 1024)}`],
]

for (const [name, write] of refused) {
  t.test(`${name} is refused`, async (t) => {
    const server = await startHostile(rewritten(write))
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 0 })
    t.equal(end.code, 'ERR_DOWNLOAD_PROTOCOL', end.message)
    t.equal(end.file, null)
  })
}

t.test('a head that comes byte by byte', async (t) => {
  const server = await startHostile(async (_, socket) => {
    for (const byte of 'HTTP/1.1 200 OK\nETag: "a"\nContent-Length: 2\n\nab') {
      socket.write(byte)
      await sleep(1)
    }
  })
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 0 })
  t.equal(end.file?.toString(), 'ab', end.message)
})

for (const [name, path, bytes] of [
  ['raw UTF-8', '/%E6%97%A5.bin', Buffer.from('/日.bin')],
  ['raw Latin-1', '/caf%C3%A9.bin', Buffer.from('/caf\xe9.bin', 'latin1')],
  ['percent-encoded', '/caf%E9.bin', Buffer.from('/caf%E9.bin')],
] as const) {
  t.test(`a Location in ${name}`, async (t) => {
    const server = await startHostile((request, socket) => {
      if (request.path === path) return rewritten((head) => head)(request, socket)
      if (request.path !== '/file.bin')
        return void socket.write('HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n')
      const head = ['HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ', bytes, '\r\n\r\n']
      socket.write(Buffer.concat(head.map((piece) => Buffer.from(piece as string))))
    })
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}))
    t.ok(end.file?.equals(CONTENT), end.message)
  })
}

t.test('normalHead: what is there, and how long it was', async (t) => {
  t.equal(normalHead('HTTP/1.1 200 OK\r\nA: b\r\n'), null)
  t.strictSame(normalHead('HTTP/1.1 200 OK\n\nbody'), { head: 'HTTP/1.1 200 OK\r\n\r\n', length: 17 })
})
