import t from 'tap'
import { areKeysRefused, isSignatureRefused, verdictOn } from '#plugin/upstream/verdict.js'

interface Row {
  readonly status: number
  readonly fields?: Readonly<Record<string, string>>
  readonly code?: string
  readonly actualSize?: number
  /** Asked for without a range. */
  readonly isWhole?: true
  readonly verdict: object
}

const RANGE = { first: 2, last: 5 }
const unusable = (reason: string) => ({ kind: 'unusable', reason })
const part = (contentRange: string, length = '4') => ({
  status: 206,
  fields: { 'content-range': contentRange, 'content-length': length },
})
const broken = 'a Content-Length that contradicts the Content-Range'

const ROWS: Readonly<Record<string, Row>> = {
  'the range': { ...part('bytes 2-5/10'), verdict: { kind: 'part', range: RANGE, size: 10 } },
  'the range up to the end': {
    ...part('bytes 2-3/4', '2'),
    verdict: { kind: 'part', range: { first: 2, last: 3 }, size: 4 },
  },
  'the range of unknown length': {
    status: 206,
    fields: { 'content-range': 'bytes 2-5/10' },
    verdict: { kind: 'part', range: RANGE, size: 10 },
  },
  'a range from another byte': { ...part('bytes 1-5/10'), verdict: unusable('a 206 with another range') },
  'a range to another byte': { ...part('bytes 2-6/10'), verdict: unusable('a 206 with another range') },
  'a range that is too short': { ...part('bytes 2-4/10'), verdict: unusable('a 206 with another range') },
  'a length of another range': { ...part('bytes 2-5/10', '5'), verdict: unusable(broken) },
  'a range without a size': {
    ...part('bytes 2-5/*'),
    verdict: unusable('a 206 without a valid Content-Range'),
  },
  'a part of nothing': { ...part('bytes */10'), verdict: unusable('a 206 without a valid Content-Range') },
  'a range that was not asked for': {
    ...part('bytes 2-5/10'),
    isWhole: true,
    verdict: unusable('a 206 to a request without Range'),
  },
  'the whole': { status: 200, fields: { 'content-length': '10' }, verdict: { kind: 'whole', size: 10 } },
  'the whole, with the range that it is': {
    status: 200,
    fields: { 'content-length': '10', 'content-range': 'bytes 0-9/10' },
    verdict: { kind: 'whole', size: 10 },
  },
  'a part with the status of the whole': {
    status: 200,
    fields: { 'content-length': '4', 'content-range': 'bytes 2-5/10' },
    verdict: unusable('a 200 with the Content-Range of a part'),
  },
  'the whole without its length': {
    status: 200,
    verdict: { kind: 'unmeasured', reason: 'a 200 without Content-Length' },
  },
  'a range after the end': {
    status: 416,
    fields: { 'content-range': 'bytes */2' },
    verdict: { kind: 'unsatisfiable', size: 2 },
  },
  'a range that is not there of an object that has its first byte': {
    status: 416,
    fields: { 'content-range': 'bytes */3' },
    verdict: unusable('a 416 to a range of the object'),
  },
  'a range after the end, with the size in the body': {
    status: 416,
    actualSize: 2,
    verdict: { kind: 'unsatisfiable', size: 2 },
  },
  'a range after an unknown end': { status: 416, verdict: { kind: 'unsatisfiable', size: undefined } },
  'a 416 to no range': { status: 416, isWhole: true, verdict: unusable('status 416') },
  'another version': { status: 412, verdict: { kind: 'changed' } },
  'no object': { status: 404, code: 'NoSuchKey', verdict: { kind: 'absent' } },
  'an object that is gone': { status: 410, verdict: { kind: 'absent' } },
  'a deleted version': {
    status: 405,
    fields: { 'x-amz-delete-marker': 'true' },
    verdict: { kind: 'absent' },
  },
  'a method that is not allowed': { status: 405, verdict: unusable('status 405') },
  'no bucket': { status: 404, code: 'NoSuchBucket', verdict: unusable('status 404 NoSuchBucket') },
  'no right to read': { status: 403, code: 'AccessDenied', verdict: { kind: 'forbidden' } },
  'no right, without a code': { status: 403, verdict: { kind: 'forbidden' } },
  'a wrong signature': {
    status: 403,
    code: 'SignatureDoesNotMatch',
    verdict: unusable('status 403 SignatureDoesNotMatch'),
  },
  'a clock that is wrong': {
    status: 403,
    code: 'RequestTimeTooSkewed',
    verdict: unusable('status 403 RequestTimeTooSkewed'),
  },
  'an archived object': { status: 403, code: 'InvalidObjectState', verdict: { kind: 'archived' } },
  'a store that is busy': {
    status: 503,
    code: 'SlowDown',
    fields: { 'retry-after': '7' },
    verdict: { kind: 'busy', reason: 'status 503 SlowDown', retryAfter: 7 },
  },
  'a request that took too long': {
    status: 400,
    code: 'RequestTimeout',
    verdict: { kind: 'busy', reason: 'status 400 RequestTimeout', retryAfter: undefined },
  },
  'a redirect to another region': {
    status: 301,
    code: 'PermanentRedirect',
    fields: { 'x-amz-bucket-region': 'eu-west-1' },
    verdict: unusable('status 301 PermanentRedirect: the bucket is in eu-west-1'),
  },
  'an invalid region': {
    status: 301,
    fields: { 'x-amz-bucket-region': '<b>' },
    verdict: unusable('status 301'),
  },
  'a 304, which nobody has asked for': { status: 304, verdict: unusable('status 304') },
}

for (const [name, { status, fields = {}, code, actualSize, isWhole, verdict }] of Object.entries(ROWS)) {
  t.test(`an answer is judged: ${name}`, async (t) => {
    const head = { status, fields, code, actualSize, receivedAt: 1_800_000_000 }
    t.strictSame(verdictOn(head, isWhole ? undefined : RANGE), verdict)
  })
}

for (const [status, code, refused] of [
  [401, undefined, 'keys'],
  [400, 'ExpiredToken', 'keys'],
  [403, 'InvalidAccessKeyId', 'keys'],
  [401, 'Unauthorized', 'signature'],
  [403, 'AccessDenied', 'signature'],
  [403, undefined, 'signature'],
  [404, 'NoSuchKey', 'nothing'],
  [200, undefined, 'nothing'],
] as const) {
  t.test(`a ${status} ${code ?? 'without a code'} refuses: ${refused}`, async (t) => {
    const head = { status, code, fields: {}, receivedAt: 1_800_000_000 }
    t.equal(areKeysRefused(head), refused === 'keys')
    t.equal(isSignatureRefused(head), refused !== 'nothing')
  })
}
