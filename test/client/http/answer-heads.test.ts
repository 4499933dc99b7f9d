// Heads that RFC 9112 forbids servers to send and allows clients to read. Lengths are still read strictly.
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { normalHead } from '#client/http/answer-heads.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeContent, type RawRequest, startHostile, wanted } from '../support/hostile-server.ts'
import { get } from '../support/run.ts'

const CONTENT = makeContent(300_000)
const SIZE = CONTENT.length

type Write = (head: string) => string | Buffer

/** An honest server, except that `write` changes its heads. */
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

/** Puts a line among the fields. */
const withLine =
  (line: string) =>
  (head: string): string =>
    head.replace('Server: x', () => line)

const accepted: [name: string, write: Write][] = [
  ['only LF as line end', (head) => head.replaceAll('\r\n', '\n')],
  ['LF at the end of one line', (head) => head.replace('Server: x\r\n', 'Server: x\n')],
  ['LF at the end of the blank line', (head) => head.replace(/\r\n$/, '\n')],
  ['a folded line', (head) => head.replace('Server: x', 'Server: x\r\n y\r\n\tz')],
  ['a value on a folded line', (head) => head.replace('Server: x', 'Server:\r\n x')],
  ['a folded Content-Range', (head) => head.replace('bytes ', 'bytes\r\n ')],
  [
    'a folded line and only LF as line end',
    (head) => head.replaceAll('\r\n', '\n').replace('Server: x', 'Server: x\n y'),
  ],
  ['Latin-1 in a value', (head) => head.replace('Server: x', 'Server: caf\xe9')],
  [
    'UTF-8 in a value',
    (head) => head.replace('Server: x', `Server: ${Buffer.from('日本').toString('latin1')}`),
  ],
  ['a blank before a colon', (head) => head.replace('Server:', 'Server :')],
  ...[17, 40, 64].map((kib): [string, Write] => [
    `${kib} KiB in one line`,
    (head) => head.replace('Server: x', `Server: ${'x'.repeat(kib * 1024 - 100)}`),
  ]),
  [
    '64 KiB in many lines',
    (head) =>
      head.replace('Server: x', Array.from({ length: 3000 }, (_, n) => `X-${n}: some text`).join('\r\n')),
  ],
  ...['X[1]: a', 'X/Y: a', 'user@host: a', '(c): a', 'X Cache Info: a', 'X-\xe9: a', 'a b : c', '"X": y'].map(
    (line): [string, Write] => [`a name that is not a token: ${line}`, withLine(line)],
  ),
  ['a name that is not a token and a folded line', withLine('X[1]: a\r\n b: c')],
  [
    'a name that is not a token and only LF as line end',
    (head) => withLine('X[1]: a')(head).replaceAll('\r\n', '\n'),
  ],
  ['a lone CR in a line that is ignored', withLine('X[1]: a\rb')],
  ...[1, 2, 7, 8, 0x0b, 0x0c, 0x0e, 0x1b, 0x1f, 0x7f].flatMap((code): [string, Write][] => {
    const character = String.fromCharCode(code)
    return [
      [`the control character ${code} in a value`, withLine(`X: a${character}b`)],
      [`the control character ${code} around a value`, withLine(`X: ${character}ab${character}`)],
      [
        `the control character ${code} in a reason`,
        (head) => head.replace(/^(\S+ \d+) /, `$1 a${character}b`),
      ],
    ]
  }),
  ['a bare CR in a value', withLine('X: a\rb')],
  ['a bare CR at the end of a value', withLine('X: ab\r')],
  ['a bare CR in a folded value', withLine('X: a\rb\r\n c\rd')],
  ['a bare CR before a field that decides nothing', withLine('X: a\rY: b')],
  ['no blank between status and reason', (head) => head.replace(/^(\S+ \d+) /, '$1')],
  ['a status without a reason', (head) => head.replace(/^(\S+ \d+)[^\r]*/, '$1')],
  ['tabs in the status line', (head) => head.replace(/^(\S+) (\d+) /, '$1\t$2\t')],
  ['more blanks in the status line', (head) => head.replace(/^(\S+) (\d+) /, '$1  $2   ')],
  [
    'an interim answer with a name that is not a token',
    (head) => `HTTP/1.1 103\tE\r\nX[1]: x\r\n\r\n${head}`,
  ],
  ['an interim answer with only LF as line end', (head) => `HTTP/1.1 103 Early Hints\nLink: x\n\n${head}`],
]

for (const [name, write] of accepted) {
  t.test(`an answer is read although its head has ${name}`, async (t) => {
    const server = await startHostile(rewritten(write))
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { segmentSize: 100_000, retries: 0 })
    t.equal(end.code, null, end.message)
    sameBytes(t, end.file, CONTENT)
  })
}

const refused: [name: string, write: Write][] = [
  [
    'two Content-Length fields',
    (head) => head.replace('Content-Length', 'Content-Length: 5\nContent-Length'),
  ],
  ['a length and a chunked coding', (head) => head.replace('Server: x', 'Transfer-Encoding: chunked')],
  ['a folded Content-Length', (head) => head.replace(/Content-Length: (\d)/, 'Content-Length: $1\r\n ')],
  ['a blank after Content-Length', (head) => head.replace('Content-Length:', 'Content-Length :')],
  ['a blank after Transfer-Encoding', (head) => head.replace('Server: x', 'Transfer-Encoding : chunked')],
  ...[
    ...['Content Length: 5', 'Content-Length x: 5', 'X Content-Length: 5', '"Content-Length": 5'],
    ...['Content-Length\x00: 5', 'Content\x7f-Length: 5', 'Content-Length\xa0: 5', '(Content-Length): 5'],
    ...['Content-Length\t: 5', 'Transfer Encoding: chunked', 'Transfer-Encoding\x0b: chunked'],
    ...['[Transfer-Encoding]: chunked', 'Transfer-Encoding/: chunked', 'Content Range: bytes 0-4/5'],
    ...['Content-Range\x0c: bytes 0-4/5', 'Content Encoding: gzip', 'X[1]: a\rContent-Length: 5'],
    ...['X: a\rContent-Length: 5', 'X: a\rTransfer-Encoding: chunked', 'X: a\r\tContent-Range: bytes 0-4/5'],
    ...['X: a\r content length : 5', 'X[1]: a\0b', 'X: a\0b', 'X\0: a', 'X[1]\rContent-Length: 5'],
    ...['Transfer-Encoding: chunked\x01', 'Transfer-Encoding: \x0bchunked', 'Transfer-Encoding: x\rchunked'],
    ...['Content-Encoding: identity\x7f', 'Content-Range: bytes\x0b0-4/5', 'Location: /a\x01b'],
    ...['Connection: close\x01', 'no colon', ':', '\x01'],
  ].map((line): [string, Write] => [`the line ${JSON.stringify(line)}`, withLine(line)]),
  ['a control character in a length', (head) => head.replace(/(Content-Length: \d+)/, '$1\x0b')],
  ['a bare CR after a length', (head) => head.replace(/(Content-Length: \d+)/, '$1\r')],
  ['a status of four digits', (head) => head.replace(/^(\S+ \d+)/, '$10')],
  ['a status with a sign', (head) => head.replace(/^(\S+) /, '$1 +')],
  ['a status and a bare CR that hides a length', (head) => head.replace(/\r\n/, '\rContent-Length: 5\r\n')],
  ['a bare CR that hides a length', (head) => head.replace('Server: x', 'Server: x\rContent-Length: 5')],
  ['a NUL in a value', (head) => head.replace('Server: x', 'Server: x\0y')],
  ['a line without a name', (head) => head.replace('Server: x', ': x')],
  ['a blank before the first field', (head) => head.replace('ETag', ' ETag')],
  ['a protocol other than HTTP', () => 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['no end', () => `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(400 * 1024)}`],
]

for (const [name, write] of refused) {
  t.test(`an answer is refused whose head has ${name}`, async (t) => {
    const server = await startHostile(rewritten(write))
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 0 })
    t.equal(end.code, 'ERR_DOWNLOAD_PROTOCOL', end.message)
    t.equal(end.file, null)
  })
}

t.test('a head that arrives byte by byte is read', async (t) => {
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
  t.test(`a redirect is followed (Location in ${name})`, async (t) => {
    const server = await startHostile((request, socket) => {
      if (request.path === path) return rewritten((head) => head)(request, socket)
      if (request.path !== '/file.bin')
        return void socket.write('HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n')
      const head = ['HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ', bytes, '\r\n\r\n']
      socket.write(Buffer.concat(head.map((piece) => Buffer.from(piece as string))))
    })
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}))
    sameBytes(t, end.file, CONTENT, end.message)
  })
}

t.test('normalHead returns the head and its original length, or null if it is not complete', async (t) => {
  t.equal(normalHead('HTTP/1.1 200 OK\r\nA: b\r\n'), null)
  t.strictSame(normalHead('HTTP/1.1 200 OK\n\nbody'), { head: 'HTTP/1.1 200 OK\r\n\r\n', length: 17 })
})
