// Answers of a proxy to CONNECT, complete and incomplete: RFC 9112 §2 and §3.
import t from 'tap'
import { finalHead } from '#client/rules/tunnel-head.js'

const heads: [name: string, text: string, status: number, fields: string[], rest: string][] = [
  ['a status line alone', 'HTTP/1.1 200 OK\r\n\r\n', 200, [], ''],
  ['a status without a reason', 'HTTP/1.1 200\r\n\r\n', 200, [], ''],
  ['a status with its reason at once', 'HTTP/1.1 200OK\r\n\r\n', 200, [], ''],
  ['tabs in the status line', 'HTTP/1.1\t200\tOK\r\n\r\n', 200, [], ''],
  ['HTTP/1.0', 'HTTP/1.0 200 Connection established\r\n\r\n', 200, [], ''],
  ['lines that end with LF alone', 'HTTP/1.1 407 No\na: b\n\n', 407, ['a', 'b'], ''],
  ['bytes of the tunnel behind it', 'HTTP/1.1 200 OK\r\n\r\nbytes\r\n\r\n', 200, [], 'bytes\r\n\r\n'],
  [
    'fields, one twice, one with colons in it',
    'HTTP/1.1 503 Busy\r\nRetry-After:  5 \r\nVia: a:1\r\nvia:b\r\n\r\n',
    503,
    ['Retry-After', '5', 'Via', 'a:1', 'via', 'b'],
    '',
  ],
  ['a line without a colon', 'HTTP/1.1 200 OK\r\nodd\r\n\r\n', 200, ['odd', ''], ''],
  [
    '1xx before it (RFC 9110 §15.2)',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\nz',
    204,
    [],
    'z',
  ],
  [
    '101, which is final',
    'HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    101,
    [],
    'HTTP/1.1 200 OK\r\n\r\n',
  ],
  ['the highest status', 'HTTP/1.1 999 Odd\r\n\r\n', 999, [], ''],
]
for (const [name, text, status, rawFields, rest] of heads) {
  t.test(`a head is read: ${name}`, async (t) => {
    t.strictSame(finalHead(text), { status, rawFields, end: text.length - rest.length })
  })
}

t.test('an incomplete head is null, at every length', async (t) => {
  const text = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nvia: a\r\n\r\n'
  for (let length = 0; length < text.length; length++)
    t.equal(finalHead(text.slice(0, length)), null, `${length} characters`)
})

const nonsense: [name: string, text: string][] = [
  ['another protocol', 'SSH-2.0-x\r\n\r\n'],
  ['another protocol, of which one letter has come', 'S'],
  ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
  ['a binary answer', '\u0015\u0003'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
  ['no status', 'HTTP/1.1 OK\r\n\r\n'],
  ['a reason in which another parser finds a length', 'HTTP/1.1 200 OK\rContent-Length: 3\r\n\r\n'],
  ['a minor version of two digits', 'HTTP/1.10 200 OK\r\n\r\n'],
  ['something else before the status line', 'x HTTP/1.1 200 OK\r\n\r\n'],
  ['another protocol behind a 1xx', 'HTTP/1.1 100 Continue\r\n\r\nSSH-2.0-x'],
]
for (const [name, text] of nonsense) {
  t.test(`an answer is not HTTP/1: ${name}`, async (t) => {
    t.match(finalHead(text), new Error('its answer is not HTTP'))
  })
}
