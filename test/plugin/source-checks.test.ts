import t from 'tap'
import {
  asError,
  checkedAtHand,
  checkedBytes,
  checkedIterator,
  checkedRepresentation,
} from '#plugin/source-checks.js'

const SOURCE = { code: 'ERR_RANGE_SOURCE' }

t.test('what a source throws becomes an Error', async (t) => {
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
})

t.test('only a representation is taken for one', async (t) => {
  t.equal(checkedRepresentation(undefined), undefined)
  const good = { size: 1, read: () => [], close() {} }
  t.equal(checkedRepresentation(good), good)
  for (const opened of [
    null,
    'text',
    0,
    {},
    { size: 1, close() {} },
    { size: 1, read: 'x', close() {} },
    { read: () => [] },
  ])
    t.throws(() => checkedRepresentation(opened), SOURCE)
})

t.test('the methods of a representation are functions', async (t) => {
  const whole = {
    size: 1,
    read: () => [],
    readAt: async () => 1,
    atHand() {},
    keepAtHand() {},
    unchanged: async () => true,
    close() {},
  }
  for (const name of ['read', 'readAt', 'atHand', 'keepAtHand', 'unchanged'] as const) {
    const without = { ...whole, [name]: undefined }
    t.equal(checkedRepresentation(without), without, `${name} may be left out`)
    for (const given of [null, false, 0, 5, 5n, 'x', Symbol('s'), {}, Uint8Array.of(1)])
      t.throws(() => checkedRepresentation({ ...whole, [name]: given }), SOURCE, `${name}: ${typeof given}`)
  }
})

t.test('bytes are a Uint8Array over memory that stays as it is', async (t) => {
  const plain = Uint8Array.of(1, 2)
  t.equal(checkedBytes(plain), plain, 'which is not copied')
  const shared = new Uint8Array(new SharedArrayBuffer(2))
  shared[0] = 7
  const copy = checkedBytes(shared)
  shared[0] = 8
  t.strictSame([...copy], [7, 0], 'shared memory is copied')
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

t.test('bytes at hand have the length that was asked for', async (t) => {
  t.equal(checkedAtHand(undefined, 2), undefined)
  t.equal(checkedAtHand(Uint8Array.of(1, 2), 2)?.length, 2)
  t.throws(() => checkedAtHand(Uint16Array.of(1, 2), 2), SOURCE)
  for (const length of [1, 3])
    t.throws(() => checkedAtHand(Uint8Array.of(1, 2), length), { code: 'ERR_RANGE_LENGTH' })
  const detached = Uint8Array.of(1, 2)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  t.throws(() => checkedAtHand(detached, 2), { code: 'ERR_RANGE_LENGTH' })
})

t.test('only objects are iterated over', async (t) => {
  t.strictSame(checkedIterator([Uint8Array.of(1)]).next(), { value: Uint8Array.of(1), done: false })
  for (const given of [undefined, null, 'text', 5, {}])
    t.throws(() => checkedIterator(given as never), SOURCE)
})
