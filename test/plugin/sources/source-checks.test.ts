import { SendRangeError } from 'fastify-send-range'
import t from 'tap'
import { asError, foreignFailure } from '#plugin/foreign-failure.js'
import { checkedBytes, checkedCached, openFailure } from '#plugin/sources/source-checks.js'
import { SourceChunks } from '#plugin/sources/source-chunks.js'

const SOURCE = { code: 'ERR_RANGE_SOURCE' }

/** What a logger fails on when it looks at it. */
const UNLOGGABLE: readonly object[] = [
  new Proxy(new Error('x'), {
    get() {
      throw new Error('hostile')
    },
  }),
  Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('hostile')
    },
  }),
  Object.defineProperty(new Error('x'), 'cause', {
    get() {
      throw new Error('hostile')
    },
  }),
  endless(),
]

function endless(): Error {
  return Object.defineProperty(new Error('x'), 'cause', { get: endless })
}

t.test('any thrown value becomes an Error', async (t) => {
  const error = new TypeError('broken')
  t.equal(asError(error), error, 'an Error stays as it is')
  for (const thrown of [
    Object.freeze(new TypeError('frozen')),
    'text',
    null,
    undefined,
    0,
    Object.freeze({}),
    Object.create(null),
    Symbol('s'),
    () => {},
  ]) {
    t.match(asError(thrown), { ...SOURCE, name: 'SendRangeError' })
    t.equal(asError(thrown).cause, thrown, 'and what was thrown is its cause')
  }
  for (const thrown of UNLOGGABLE) t.equal(asError(thrown).cause, undefined)
})

t.test('an error of the application is the cause, and not in the message', async (t) => {
  for (const thrown of [
    new Error('/srv/files'),
    Object.assign(new Error('/srv'), { statusCode: 503 }),
    'x',
  ]) {
    const failure = foreignFailure('ERR_RANGE_OPTION', 'The etag function', thrown)
    t.match(failure, { code: 'ERR_RANGE_OPTION', message: 'The etag function failed', statusCode: 500 })
    t.equal(failure.cause, thrown)
  }
  const own = new SendRangeError('ERR_RANGE_CHANGED', 'another version')
  t.equal(foreignFailure('ERR_RANGE_SOURCE', 'x', own), own, 'a SendRangeError is made to be sent')
  t.not(foreignFailure('ERR_RANGE_SOURCE', 'x', Object.freeze(own)), own)
  for (const thrown of UNLOGGABLE) t.equal(foreignFailure('ERR_RANGE_SOURCE', 'x', thrown).cause, undefined)
})

t.test('an Error of open with the status of an error is sent as it is', async (t) => {
  for (const statusCode of [400, 404, 503, 599]) {
    const error = Object.assign(new Error('gone'), { statusCode })
    t.equal(openFailure(error), error)
    t.match(openFailure(Object.freeze(error)), SOURCE, 'a frozen one cannot be')
    t.match(openFailure({ statusCode }), SOURCE, 'it is no Error')
  }
  for (const statusCode of [undefined, null, 0, 200, 304, 399, 600, 99_999, 404.5, '404', Number.NaN]) {
    const error = Object.assign(new Error('/srv/files'), { statusCode })
    t.match(openFailure(error), { ...SOURCE, statusCode: 500, cause: error }, String(statusCode))
  }
})

t.test('a value that is not a Uint8Array is ERR_RANGE_SOURCE', async (t) => {
  const plain = Uint8Array.of(1, 2)
  t.equal(checkedBytes(plain), plain)
  for (const given of [
    Uint16Array.of(1),
    new DataView(new ArrayBuffer(2)),
    new ArrayBuffer(2),
    [1, 2],
    'ab',
    null,
  ])
    t.throws(() => checkedBytes(given), SOURCE)
})

t.test('cached bytes have the length that was asked for', async (t) => {
  t.equal(checkedCached(undefined, 2), undefined)
  t.equal(checkedCached(Uint8Array.of(1, 2), 2)?.length, 2)
  t.throws(() => checkedCached(Uint16Array.of(1, 2), 2), SOURCE)
  for (const length of [1, 3])
    t.throws(() => checkedCached(Uint8Array.of(1, 2), length), { code: 'ERR_RANGE_LENGTH' })
  const detached = Uint8Array.of(1, 2)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  t.throws(() => checkedCached(detached, 2), { code: 'ERR_RANGE_LENGTH' })
})

t.test('a value without an iterator that has next is ERR_RANGE_SOURCE', async (t) => {
  const chunks = new SourceChunks(() => [Uint8Array.of(1)], 1)
  t.strictSame(await chunks.next(), { value: Buffer.of(1), done: false })
  t.strictSame(await chunks.next(), { value: undefined, done: true })
  const made = (iterator: unknown): object => ({ [Symbol.asyncIterator]: () => iterator })
  for (const given of [
    undefined,
    null,
    'text',
    5,
    {},
    made(undefined),
    made({}),
    made({ next: 5 }),
    made('x'),
  ])
    t.throws(() => new SourceChunks(() => given, 1), SOURCE)
})
