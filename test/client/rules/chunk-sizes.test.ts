// Old servers send blanks after the size of a chunk, which node:http refuses. All other framing stays strict.
import fc from 'fast-check'
import t from 'tap'
import { ChunkSizes } from '#client/rules/chunk-sizes.js'
import { makeContent, startHostile } from '../support/hostile-server.ts'
import { get } from '../support/run.ts'

const CONTENT = makeContent(300_000)

/** What comes out where `text` comes in pieces of these lengths. */
function through(text: string, lengths: readonly number[] = []): string {
  const sizes = new ChunkSizes()
  let out = ''
  let at = 0
  for (const length of [...lengths, text.length]) {
    out += sizes.read(Buffer.from(text.slice(at, at + length), 'latin1')).toString('latin1')
    at += length
  }
  return out + sizes.remainder().toString('latin1')
}

t.test('blanks after a chunk size are removed, and nothing else is changed', async (t) => {
  const rows: [given: string, want: string][] = [
    ['5\r\nhello\r\n0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ['5   \r\nhello\r\n0  \r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
    ['5\t \r\nhello\r\n0\r\nX: a  \r\n\r\n', '5\r\nhello\r\n0\r\nX: a  \r\n\r\n'],
    ['5 ;a=b\r\nhello\r\n0\r\n\r\n', '5;a=b\r\nhello\r\n0\r\n\r\n'],
    ['A  \r\n0  \r\n1 \r\n   \r\n0\r\n\r\n', 'A\r\n0  \r\n1 \r\n   \r\n0\r\n\r\n'],
    // Not a size, or no line end: the parser decides.
    [' 5\r\nhello', ' 5\r\nhello'],
    ['5 \nhello', '5 \nhello'],
    ['5 5\r\nhello', '5 5\r\nhello'],
    ['0x5 \r\nhello', '0x5 \r\nhello'],
    ['-5 \r\nhello', '-5 \r\nhello'],
    ['5 \r \nhello', '5 \r \nhello'],
    ['5', '5'],
    ['5 ', '5 '],
    ['5 \r', '5 \r'],
    ['', ''],
    ['x\r\n5 \r\nhello', 'x\r\n5 \r\nhello'],
    ['0\r\n5 \r\n', '0\r\n5 \r\n'],
    [`${'f'.repeat(20)} \r\n5 \r\n`, `${'f'.repeat(20)}\r\n5 \r\n`],
    [`5${' '.repeat(2000)}\r\nhello`, `5${' '.repeat(2000)}\r\nhello`],
  ]
  for (const [given, want] of rows) {
    t.equal(through(given), want, JSON.stringify(given.slice(0, 60)))
    t.equal(
      through(given, Array(given.length).fill(1)),
      want,
      `byte by byte: ${JSON.stringify(given.slice(0, 60))}`,
    )
  }
})

t.test('the result is the same wherever reads end', async () => {
  const body = '5  \r\nhello\r\n3\t\r\n\r\n\r\r\n10 ;x=" "\r\n0123456789abcdef\r\n0 \r\nA: b \r\n\r\n'
  const want = '5\r\nhello\r\n3\r\n\r\n\r\r\n10;x=" "\r\n0123456789abcdef\r\n0\r\nA: b \r\n\r\n'
  fc.assert(fc.property(fc.array(fc.nat({ max: 12 })), (lengths) => through(body, lengths) === want))
})

const bodies: [name: string, write: (bytes: Buffer) => (Buffer | string)[], isWhole: boolean][] = [
  [
    'blanks behind a size',
    (bytes) => [`${bytes.length.toString(16)}     \r\n`, bytes, '\r\n0\r\n\r\n'],
    true,
  ],
  [
    'blanks behind each size',
    (bytes) => [
      '64 \r\n',
      bytes.subarray(0, 100),
      '\r\n',
      `${(bytes.length - 100).toString(16)}\t\r\n`,
      bytes.subarray(100),
      '\r\n0   \r\n\r\n',
    ],
    true,
  ],
  [
    'blanks in front of a size',
    (bytes) => [` ${bytes.length.toString(16)}\r\n`, bytes, '\r\n0\r\n\r\n'],
    false,
  ],
  [
    'blanks in front of LF alone',
    (bytes) => [`${bytes.length.toString(16)} \n`, bytes, '\r\n0\r\n\r\n'],
    false,
  ],
  ['a size in two words', (bytes) => [`${bytes.length.toString(16)} 0\r\n`, bytes, '\r\n0\r\n\r\n'], false],
  ['a size that is too small', (bytes) => ['5 \r\n', bytes, '\r\n0\r\n\r\n'], false],
  ['no last chunk', (bytes) => [`${bytes.length.toString(16)}  \r\n`, bytes, '\r\n'], false],
  ['half a line', (bytes) => [`${bytes.length.toString(16)}  \r\n`, bytes, '\r\n0 '], false],
]

for (const [name, write, isWhole] of bodies) {
  t.test(`${name}: ${isWhole ? 'taken' : 'refused'}`, async (t) => {
    const server = await startHostile(async (_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      for (const piece of write(CONTENT)) socket.write(piece)
      if (!isWhole) socket.end()
    })
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 0 })
    t.equal(end.code === null, isWhole, end.message)
    t.equal(end.file?.equals(CONTENT) ?? false, isWhole)
  })
}

t.test('the next answer on the same connection is read normally', async (t) => {
  const answers = [
    'HTTP/1.1 302 Found\r\nLocation: /2\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0 \r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n5 \r\nab',
  ]
  const server = await startHostile(
    ({ path }, socket) => void socket.write(answers[path === '/2' ? 1 : 0] ?? ''),
  )
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { retries: 0 })
  t.equal(end.file?.toString(), '5 \r\nab', end.message)
})
