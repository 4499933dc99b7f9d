import t from 'tap'
import { type Repaired, repairField, repairStatusLine } from '#client/rules/header-line-repair.js'

const FIELDS: readonly (readonly [line: string, repaired: Repaired])[] = [
  ['A: b', { line: 'A: b' }],
  ['A:', { line: 'A:' }],
  // RFC 9112 §5.1: a proxy MUST remove whitespace between name and colon from a response.
  ['A : b', { line: 'A: b' }],
  ['A\t: b', { line: 'A: b' }],
  // The parser refuses these, so they are not repaired.
  ['Content-Length : 5', { line: 'Content-Length : 5' }],
  ['Transfer-Encoding : chunked', { line: 'Transfer-Encoding : chunked' }],
  ['Content-Range: bytes\x0b0-4/5', { line: 'Content-Range: bytes\x0b0-4/5' }],
  ['Location: /a\x01b', { line: 'Location: /a\x01b' }],
  // RFC 9110 §5.5: other control characters of a value are replaced.
  ['A: a\x01b\x7f', { line: 'A: a b ' }],
  ['A: a\tb', { line: 'A: a\tb' }],
  ['A: a\rb', { line: 'A: a b' }],
  ['A: a\0b', { line: 'A: a\0b' }],
  // RFC 9110 §5.1: a name is a token. Another name is that of no field.
  ['X[1]: a', 'ignored'],
  ['a b: c', 'ignored'],
  ['"X": a', 'ignored'],
  ['X[1]: a\rb', 'ignored'],
  ['X[1]: a\0b', 'refused'],
  ['X\0: a', 'refused'],
  // Another parser may read these as fields that decide where a body ends, or which bytes it has.
  ['Content Length: 5', 'refused'],
  ['"Content-Length": 5', 'refused'],
  ['X Content-Length: 5', 'refused'],
  ['Transfer-Encoding/: chunked', 'refused'],
  ['Content Range: bytes 0-4/5', 'refused'],
  ['Content\x7f-Encoding: gzip', 'refused'],
  ['X[1]: a\rContent-Length: 5', 'refused'],
  ['X: a\rContent-Length: 5', 'refused'],
  ['X: a\0Transfer-Encoding: chunked', 'refused'],
  // RFC 9112 §5: a field line has a name and a colon.
  ['no colon', 'refused'],
  [': a', 'refused'],
  [':', 'refused'],
  ['', 'refused'],
  [' A: b', 'refused'],
  ['\tA: b', 'refused'],
]

for (const [line, repaired] of FIELDS) {
  t.test(
    `RFC 9112 §5 a field line is repaired only if all parsers then agree (${JSON.stringify(line)})`,
    async (t) => {
      t.strictSame(repairField(line), repaired)
    },
  )
}

const STATUS_LINES: readonly (readonly [line: string, repaired: Repaired])[] = [
  ['HTTP/1.1 200 OK', { line: 'HTTP/1.1 200 OK' }],
  ['HTTP/1.1 200', { line: 'HTTP/1.1 200 ' }],
  ['HTTP/1.1\t200\tOK', { line: 'HTTP/1.1 200 OK' }],
  ['HTTP/1.0  404   Not Found', { line: 'HTTP/1.0 404 Not Found' }],
  ['HTTP/1.1 200OK', { line: 'HTTP/1.1 200 OK' }],
  ['HTTP/1.1 200 a\x01b', { line: 'HTTP/1.1 200 a b' }],
  // The parser refuses these.
  ['HTTP/1.1 2000 OK', { line: 'HTTP/1.1 2000 OK' }],
  ['HTTP/1.1 +200 OK', { line: 'HTTP/1.1 +200 OK' }],
  ['SSH-2.0', { line: 'SSH-2.0' }],
  ['HTTP/1.1 200 OK\rContent-Length: 5', 'refused'],
]

for (const [line, repaired] of STATUS_LINES) {
  t.test(`RFC 9112 §4 a status line is read by its words (${JSON.stringify(line)})`, async (t) => {
    t.strictSame(repairStatusLine(line), repaired)
  })
}
