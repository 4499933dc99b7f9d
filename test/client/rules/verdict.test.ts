// All that a verdict says: the bytes, the version, the wait, the reason. Its kinds are in `verdict-kinds.test.ts`.
import t from 'tap'
import { fieldLines } from '#client/rules/field-lines.js'
import { type Asked, judge, type Verdict } from '#client/rules/verdict.js'
import { vouchedBy } from '#client/rules/vouched.js'
import { statusName } from '#client/text/status-name.js'
import { REFUSED_ROWS } from '../support/refused-rows.ts'

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

t.test(
  'digests of one algorithm that differ cannot be true, in a part that is the whole and in a whole',
  async (t) => {
    const other = `sha-256=:${Buffer.alloc(32, 1).toString('base64')}:`
    const lines = ['Content-Digest', DIGEST, 'Repr-Digest', other]
    const invalid = { kind: 'invalid', reason: 'sent two different sha-256 digests of the file' }
    t.strictSame(verdict(WHOLE, 200, lines), invalid)
    t.strictSame(verdict(asked(0, null), 206, ['Content-Range', 'bytes 0-9/10', ...lines]), invalid)
    t.equal(verdict(asked(2, 5), 206, ['Content-Range', 'bytes 2-4/10', ...lines]).kind, 'part')
  },
)

t.test(
  'what a redirect said about the file is kept with an answer, and its size must be that of the answer',
  async (t) => {
    const vouched = vouchedBy(null, { tag: '"a"', total: 10, digests: {} }, 'join')
    const question: Asked = { ...WHOLE, vouched }
    const validators = { ...NO_VALIDATORS, vouched }
    t.strictSame(verdict(question, 200, []), { kind: 'whole', length: 10, validators }, 'no size of its own')
    t.strictSame(verdict(question, 200, ['Content-Length', '10']), { kind: 'whole', length: 10, validators })
    const invalid = { kind: 'invalid', reason: 'has a file of 11 bytes, and the redirect to it announced 10' }
    t.strictSame(verdict(question, 200, ['Content-Length', '11']), invalid)
    t.strictSame(verdict({ ...asked(0, 5), vouched }, 206, ['Content-Range', 'bytes 0-4/11']), invalid)
    t.strictSame(
      verdict(question, 203, ['Content-Length', '11']),
      { kind: 'whole', length: 11, validators: { ...NO_VALIDATORS, total: 11 } },
      'a proxy has changed the bytes',
    )
  },
)

t.test('a whole file is not shorter than a shortened part says', async (t) => {
  const shortened = { ...NO_VALIDATORS, etag: '"a"' }
  const question: Asked = { ...WHOLE, shortened }
  const reason = 'sent 9 bytes as the whole file, and a part, which was shortened, says that it has 10'
  for (const status of [200, 203])
    t.strictSame(verdict(question, status, ['Content-Length', '9']), { kind: 'invalid', reason })
  t.strictSame(verdict(question, 206, ['Content-Range', 'bytes 0-8/9']), { kind: 'invalid', reason })
  t.match(verdict(question, 200, ['Content-Length', '9', 'ETag', '"b"']), { kind: 'whole', length: 9 })
  t.match(verdict(question, 200, ['Content-Length', '10']), { kind: 'whole', length: 10 })
  t.match(verdict(question, 200, ['Content-Length', '11']), { kind: 'whole', length: 11 })
  t.match(verdict(question, 200, []), { kind: 'whole', length: 10 }, 'a body in chunks must be as long')
  t.match(verdict(question, 200, ['ETag', '"b"']), { kind: 'whole', length: null })
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
  for (const status of [400, 401, 403, 404, 410, 451, 499, 501, 505, 506, 508, 510, 511])
    t.strictSame(verdict(WHOLE, status, []), { kind: 'http-error', status })
})

t.test('416 with another size proves that the file has changed', async (t) => {
  const found = verdict(asked(2, 5, NO_VALIDATORS), 416, ['Content-Range', 'bytes */9'])
  t.match(found, { kind: 'changed', isProven: true })
})

t.test('a whole file that is as long as the part is known by its size', async (t) => {
  const held = { ...NO_VALIDATORS, etag: '"a"' }
  const lines = ['Content-Length', '10', 'ETag', '"a"']
  t.equal(verdict(asked(0, 10, held), 200, lines).kind, 'whole')
  t.equal(verdict(asked(0, 10), 200, lines).kind, 'no-range', 'where no size is known, it may be a part')
})

t.test('a status that does not fit a GET is invalid', async (t) => {
  for (const status of [201, 204, 205, 207, 226, 300, 304, 399])
    t.strictSame(verdict(WHOLE, status, []), {
      kind: 'invalid',
      reason: `answered ${statusName(status)} to a GET`,
    })
})

t.test('each refused answer has its kind and its reason', async (t) => {
  for (const { name, asked: question, status, lines, kind, reason } of REFUSED_ROWS) {
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
