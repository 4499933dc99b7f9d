import t from 'tap'
import { checkedRepresentation } from '#plugin/sources/checked-representation.js'

const SOURCE = { code: 'ERR_RANGE_SOURCE' }
const silent = { warn() {}, debug() {}, level: 'silent' } as never

const whole = {
  size: 1,
  read: () => [],
  readAt: async () => 1,
  cached() {},
  offerToCache() {},
  unchanged: async () => true,
  close() {},
}

t.test('a value that is not a representation is ERR_RANGE_SOURCE', async (t) => {
  for (const opened of [
    null,
    'text',
    0,
    {},
    { size: 1, close() {} },
    { size: 1, read: 'x', close() {} },
    { read: () => [] },
  ])
    t.throws(() => checkedRepresentation(opened, silent), SOURCE)
})

t.test('a method of a representation that is not a function is ERR_RANGE_SOURCE', async (t) => {
  for (const name of ['read', 'readAt', 'cached', 'offerToCache', 'unchanged'] as const) {
    t.ok(checkedRepresentation({ ...whole, [name]: undefined }, silent), `${name} may be left out`)
    for (const given of [null, false, 0, 5, 5n, 'x', Symbol('s'), {}, Uint8Array.of(1)]) {
      let closed = 0
      const broken = { ...whole, [name]: given, close: () => closed++ }
      t.throws(() => checkedRepresentation(broken, silent), SOURCE, `${name}: ${typeof given}`)
      t.equal(closed, 1, 'what was opened is closed')
    }
  }
})

t.test('each property is read once, and methods are called on their object', async (t) => {
  const reads: string[] = []
  const opened = new Proxy(
    {
      ...whole,
      count: 7,
      async readAt() {
        return this.count
      },
    },
    {
      get(target, name, receiver) {
        reads.push(String(name))
        return Reflect.get(target, name, receiver)
      },
    },
  )
  const representation = checkedRepresentation(opened, silent)
  t.equal(new Set(reads).size, reads.length)
  t.ok('readAt' in representation)
  if ('readAt' in representation)
    t.equal(await representation.readAt(new Uint8Array(9), 0, new AbortController().signal), 7)
})

t.test('unchanged must return true or false', async (t) => {
  for (const said of [true, false]) {
    const { unchanged } = checkedRepresentation({ ...whole, unchanged: async () => said }, silent)
    t.equal(await unchanged?.(new AbortController().signal), said)
  }
  for (const said of [undefined, null, 0, 1, 'false', {}]) {
    const { unchanged } = checkedRepresentation({ ...whole, unchanged: async () => said }, silent)
    await t.rejects(async () => unchanged?.(new AbortController().signal), SOURCE)
  }
})
