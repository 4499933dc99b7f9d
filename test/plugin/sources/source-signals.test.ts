import type { RangePluginOptions, RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, serve, until } from '../support/serve.ts'

const never = new Promise<never>(() => {})
const SIZE = 100

/** The signals by the function that received them. */
type Signals = Record<string, AbortSignal | undefined>

/** Sources that hang in one function and note its signal. */
const HANGING: Readonly<Record<string, (signals: Signals) => RangeSource>> = {
  open: (signals) => ({
    open: (_path, { signal }) => {
      signals['open'] = signal
      return never
    },
  }),
  readAt: (signals) => ({
    open: () => ({
      size: SIZE,
      etag: '"v"',
      readAt: (_target, _position, signal) => {
        signals['readAt'] = signal
        return never
      },
      close() {},
    }),
  }),
  read: (signals) => ({
    open: () => ({
      size: SIZE,
      async *read(_range, signal) {
        signals['read'] = signal
        yield await never
      },
      close() {},
    }),
  }),
  unchanged: (signals) => ({
    open: () => ({
      size: SIZE,
      etag: '"v"',
      readAt: async (target) => target.length,
      unchanged: (signal) => {
        signals['unchanged'] = signal
        return never
      },
      close() {},
    }),
  }),
  'unchanged of a stream': (signals) => ({
    open: () => ({
      size: SIZE,
      read: () => [new Uint8Array(SIZE)],
      unchanged: (signal) => {
        signals['unchanged of a stream'] = signal
        return never
      },
      close() {},
    }),
  }),
}

/** A client that sends a request, and leaves when the server has reached a point. */
async function leaves(t: Test, plugin: RangePluginOptions, isUnderWay: () => boolean): Promise<void> {
  const { port } = await serve(t, { plugin })
  const client = await RawClient.connect(port)
  client.request('GET', '/f.txt')
  await until(isUnderWay)
  client.destroy()
}

for (const [name, make] of Object.entries(HANGING)) {
  t.test(`the signal of a method that hangs is aborted when the client leaves (${name})`, async (t) => {
    const signals: Signals = {}
    await leaves(t, { source: make(signals) }, () => signals[name] !== undefined)
    await until(() => signals[name]?.aborted === true)
    t.pass()
  })
}

t.test('a file is closed when its client leaves, although the etag function hangs', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  let calls = 0
  const etag = (): Promise<never> => {
    calls++
    return never
  }
  await leaves(t, { root, etag, maxOpenFiles: 0 }, () => calls > 0 && descriptorsBelow(root) === 1)
  await until(() => descriptorsBelow(root) === 0)
  t.pass()
})
