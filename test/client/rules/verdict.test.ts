// All that a verdict says: the bytes, the version, the wait, the reason. Its kinds are in `verdict-kinds.test.ts`.
import t from 'tap'
import { fieldLines } from '#client/rules/field-lines.js'
import { type Asked, judge, type Verdict } from '#client/rules/verdict.js'
import { statusName } from '#client/text/status-name.js'

const DIGEST = 'sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:'
const VALUE = { 'sha-256': 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' }
const NO_VALIDATORS = { total: 10, etag: null, lastModified: null, dateIsStrong: false, digests: {} }

const asked = (start: number, end: number | null, validators: Asked['validators'] = null): Asked => ({
  range: { start, end },
  validators,
  htmlExpected: false,
})
const WHOLE: Asked = { range: null, validators: null, htmlExpected: false }
const verdict = (question: Asked, status: number, lines: readonly string[]): Verdict =>
  judge(question, { status, fields: fieldLines(lines) })

t.test('a part says which bytes, of what, with which digest', async (t) => {
  t.strictSame(verdict(asked(2, 5), 206, ['Content-Range', 'bytes 2-4/10', 'Content-Digest', DIGEST]), {
    kind: 'part',
    start: 2,
    end: 5,
    validators: NO_VALIDATORS,
    digests: VALUE,
  })
  t.strictSame(
    verdict(asked(0, null), 206, ['Content-Range', 'bytes 0-9/10', 'Content-Digest', DIGEST]),
    { kind: 'part', start: 0, end: 10, validators: { ...NO_VALIDATORS, digests: VALUE }, digests: VALUE },
    'the part is the whole: its digest is that of the representation',
  )
  for (const range of ['bytes 0-8/10', 'bytes 1-9/10']) {
    const start = range.startsWith('bytes 0') ? 0 : 1
    const part = verdict(asked(start, null), 206, ['Content-Range', range, 'Content-Digest', DIGEST])
    t.strictSame(part.kind === 'part' && part.validators.digests, {}, `${range} is not the whole`)
  }
  const part = verdict(asked(2, 5), 206, ['Content-Range', 'bytes 2-4/10', 'Repr-Digest', DIGEST])
  t.strictSame(part.kind === 'part' && [part.validators.digests, part.digests], [VALUE, {}])
})

t.test('a whole file has its length and its digests', async (t) => {
  t.strictSame(verdict(WHOLE, 200, ['Content-Length', '10', 'Content-Digest', DIGEST]), {
    kind: 'whole',
    length: 10,
    validators: { ...NO_VALIDATORS, digests: VALUE },
  })
  t.strictSame(verdict(WHOLE, 200, []), {
    kind: 'whole',
    length: null,
    validators: { ...NO_VALIDATORS, total: null },
  })
})

t.test('a 206 without a Range request is the whole file if it covers all of it', async (t) => {
  const lines = ['Content-Range', 'bytes 0-9/10', 'ETag', '"a"', 'Content-Digest', DIGEST]
  const whole = { kind: 'whole', length: 10, validators: { ...NO_VALIDATORS, etag: '"a"', digests: VALUE } }
  t.strictSame(verdict(WHOLE, 206, lines), whole)
  t.strictSame(verdict(WHOLE, 206, [...lines, 'Content-Length', '10']), whole)
})

t.test('RFC 9110 §15.3.4: 203 is a whole whose validators and digests are not its own', async (t) => {
  const lines = ['Content-Length', '10', 'ETag', '"a"', 'Last-Modified', 'x', 'Repr-Digest', DIGEST]
  t.strictSame(verdict(WHOLE, 203, lines), { kind: 'whole', length: 10, validators: NO_VALIDATORS })
  t.equal(verdict(asked(0, null), 203, lines).kind, 'whole')
  for (const bad of [
    ['Content-Encoding', 'br'],
    ['Content-Type', 'text/html'],
  ])
    t.equal(verdict(WHOLE, 203, bad).kind, 'invalid', bad.join(': '))
})

t.test('refusals and temporary failures have the wait of Retry-After', async (t) => {
  for (const status of [429, 503, 509])
    t.strictSame(verdict(WHOLE, status, ['Retry-After', '7']), { kind: 'refused', status, wait: 7000 })
  for (const status of [202, 408, 425, 500, 502, 504, 507, 520, 599])
    t.strictSame(verdict(WHOLE, status, ['Retry-After', '7']), { kind: 'temporary', status, wait: 7000 })
  for (const status of [400, 401, 403, 404, 410, 451, 499, 501, 505, 511])
    t.strictSame(verdict(WHOLE, status, []), { kind: 'http-error', status })
})

t.test('a status that does not fit a GET is invalid', async (t) => {
  for (const status of [201, 204, 205, 207, 226, 300, 304, 399])
    t.strictSame(verdict(WHOLE, status, []), {
      kind: 'invalid',
      reason: `answered ${statusName(status)} to a GET`,
    })
})

t.test('each refused answer has its kind and its reason', async (t) => {
  const held = { ...NO_VALIDATORS, etag: '"a"' }
  const range = (value: string): string[] => ['Content-Range', value]
  const cases: {
    name: string
    asked: Asked
    status: number
    lines: string[]
    kind: string
    reason: RegExp
  }[] = [
    {
      name: 'HTML',
      asked: WHOLE,
      status: 200,
      lines: ['Content-Type', 'text/html; charset=utf-8'],
      kind: 'invalid',
      reason: /HTML page/,
    },
    {
      name: 'coded',
      asked: WHOLE,
      status: 200,
      lines: ['Content-Encoding', 'br'],
      kind: 'invalid',
      reason: /Content-Encoding br/,
    },
    {
      name: 'transfer-coded',
      asked: WHOLE,
      status: 200,
      lines: ['Transfer-Encoding', 'gzip, chunked'],
      kind: 'invalid',
      reason: /transfer coding gzip, chunked/,
    },
    {
      name: 'chunked, with a length',
      asked: WHOLE,
      status: 200,
      lines: ['Transfer-Encoding', 'Chunked', 'Content-Length', '10'],
      kind: 'invalid',
      reason: /together with chunked/,
    },
    {
      name: 'no length at all',
      asked: WHOLE,
      status: 200,
      lines: ['Content-Length', '1x'],
      kind: 'invalid',
      reason: /an invalid Content-Length/,
    },
    {
      name: 'two lengths',
      asked: WHOLE,
      status: 200,
      lines: ['Content-Length', '1', 'Content-Length', '2'],
      kind: 'invalid',
      reason: /an invalid Content-Length/,
    },
    {
      name: 'unasked 206 without Content-Range',
      asked: WHOLE,
      status: 206,
      lines: [],
      kind: 'invalid',
      reason: /no range was requested/,
    },
    ...['bytes 0-8/10', 'bytes 1-9/10', 'bytes 0-9/*', 'bytes */10', 'items 0-9/10'].map((value) => ({
      name: `unasked 206 with ${value}`,
      asked: WHOLE,
      status: 206,
      lines: range(value),
      kind: 'invalid',
      reason: /no range was requested/,
    })),
    {
      name: 'unasked 206 with another length',
      asked: WHOLE,
      status: 206,
      lines: [...range('bytes 0-9/10'), 'Content-Length', '9'],
      kind: 'invalid',
      reason: /no range was requested/,
    },
    {
      name: 'unasked 206 of another version',
      asked: { ...WHOLE, validators: held },
      status: 206,
      lines: [...range('bytes 0-9/10'), 'ETag', '"b"'],
      kind: 'changed',
      reason: /validators/,
    },
    {
      name: 'unasked 206 that is a multipart',
      asked: WHOLE,
      status: 206,
      lines: [...range('bytes 0-9/10'), 'Content-Type', 'multipart/byteranges; boundary=x'],
      kind: 'invalid',
      reason: /no range was requested/,
    },
    {
      name: '203 with the validators of what is held',
      asked: { ...WHOLE, validators: held },
      status: 203,
      lines: ['Content-Length', '10', 'ETag', '"a"'],
      kind: 'changed',
      reason: /validators/,
    },
    {
      name: 'unasked 416',
      asked: WHOLE,
      status: 416,
      lines: [],
      kind: 'invalid',
      reason: /no range was requested/,
    },
    {
      name: 'multipart',
      asked: asked(0, 5),
      status: 206,
      lines: ['Content-Type', 'Multipart/byteranges; boundary=x'],
      kind: 'no-range',
      reason: /multipart/,
    },
    {
      name: 'no Content-Range',
      asked: asked(0, 5),
      status: 206,
      lines: [],
      kind: 'no-range',
      reason: /without a valid Content-Range/,
    },
    {
      name: 'an unsatisfied Content-Range',
      asked: asked(0, 5),
      status: 206,
      lines: range('bytes */10'),
      kind: 'no-range',
      reason: /without a valid Content-Range/,
    },
    {
      name: 'shifted',
      asked: asked(1, 5),
      status: 206,
      lines: range('bytes 2-4/10'),
      kind: 'no-range',
      reason: /from 2 instead of 1/,
    },
    {
      name: 'longer by one',
      asked: asked(0, 5),
      status: 206,
      lines: range('bytes 0-5/10'),
      kind: 'no-range',
      reason: /more bytes than requested/,
    },
    {
      name: 'another length',
      asked: asked(0, 5),
      status: 206,
      lines: [...range('bytes 0-4/10'), 'Content-Length', '4'],
      kind: 'no-range',
      reason: /contradicts its Content-Range/,
    },
    {
      name: '416',
      asked: asked(3, 5),
      status: 416,
      lines: [],
      kind: 'no-range',
      reason: /416 Range Not Satisfiable to a request for bytes from 3/,
    },
    {
      name: '416 of the size held',
      asked: asked(3, 5, held),
      status: 416,
      lines: range('bytes */10'),
      kind: 'no-range',
      reason: /416 Range Not Satisfiable to a request for bytes from 3/,
    },
    {
      name: '416 of another size',
      asked: asked(3, 5, held),
      status: 416,
      lines: range('bytes */11'),
      kind: 'changed',
      reason: /from 10 to 11 bytes/,
    },
    {
      name: '416 of any size, none held',
      asked: asked(3, 5),
      status: 416,
      lines: range('bytes */11'),
      kind: 'no-range',
      reason: /416 Range Not Satisfiable to a request for bytes from 3/,
    },
    {
      name: '416 with a part',
      asked: asked(3, 5, held),
      status: 416,
      lines: range('bytes 3-4/11'),
      kind: 'no-range',
      reason: /416 Range Not Satisfiable to a request for bytes from 3/,
    },
    {
      name: 'another size',
      asked: asked(0, 5, held),
      status: 206,
      lines: [...range('bytes 0-4/11'), 'ETag', '"a"'],
      kind: 'changed',
      reason: /from 10 to 11 bytes/,
    },
    {
      name: 'another tag',
      asked: asked(0, 5, held),
      status: 206,
      lines: [...range('bytes 0-4/10'), 'ETag', '"b"'],
      kind: 'changed',
      reason: /validators/,
    },
    {
      name: 'another tag, no size',
      asked: asked(0, 5, held),
      status: 200,
      lines: ['ETag', '"b"'],
      kind: 'changed',
      reason: /validators/,
    },
    {
      name: 'the whole, another size',
      asked: asked(0, 5, held),
      status: 200,
      lines: ['Content-Length', '11', 'ETag', '"a"'],
      kind: 'changed',
      reason: /from 10 to 11 bytes/,
    },
  ]
  for (const { name, asked: question, status, lines, kind, reason } of cases) {
    const found = verdict(question, status, lines)
    t.equal(found.kind, kind, name)
    t.match('reason' in found ? found.reason : '', reason, name)
  }
})

t.test('unusual but correct answers are accepted', async (t) => {
  for (const lines of [
    ['Content-Encoding', 'Identity '],
    ['Transfer-Encoding', ' chunked'],
    ['Content-Type', 'text/htmlx'],
    ['Content-Length', '10', 'Content-Length', '10'],
  ])
    t.equal(verdict(WHOLE, 200, lines).kind, 'whole', lines.join(': '))
  t.equal(verdict({ ...WHOLE, htmlExpected: true }, 200, ['Content-Type', 'text/html']).kind, 'whole')
  t.equal(verdict(asked(4, 5), 206, ['Content-Range', 'bytes 4-4/10']).kind, 'part', 'one byte')
  const exact = ['Content-Range', 'bytes 0-4/10', 'Content-Length', '5']
  t.equal(verdict(asked(0, 5), 206, exact).kind, 'part', 'a Content-Length like its Content-Range')
})
