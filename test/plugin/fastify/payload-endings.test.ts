import { PassThrough, pipeline, Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/serve.ts'
import {
  Anywhere,
  CONTENT,
  CountingSource,
  type Hook,
  InOrder,
  outcomeOf,
  serveBehind,
} from './support/counting-sources.ts'

/** A source that can be read only once. */
class Once extends CountingSource {
  readonly #chunks: Readable

  constructor() {
    super()
    this.#chunks = Readable.from(new InOrder().bytes().read({ first: 0, last: CONTENT.length - 1 }))
  }

  bytes() {
    return { read: () => this.#chunks as AsyncIterable<Uint8Array> }
  }
}

const SOURCES = { 'a source with read': InOrder, 'a source with readAt': Anywhere }

const later = (ms: number, act: () => unknown): void => {
  setTimeout(act, ms)
}
const readOne = async (payload: Readable): Promise<void> => {
  for await (const _chunk of payload) break
}

/** Hooks that end the payload without an error, or do not read it to its end. The answer does not depend on it. */
const WITHOUT_ERROR: Readonly<Record<string, Hook>> = {
  destroy: (payload) => void payload.destroy(),
  'destroy before a wait': async (payload) => {
    payload.destroy()
    await sleep(5)
  },
  'destroy at once after the hook': (payload) => setImmediate(() => payload.destroy()),
  'destroy later': (payload) => later(2, () => payload.destroy()),
  'destroy with bytes that nobody has read': async (payload) => {
    payload.once('readable', () => {})
    await sleep(20)
    payload.destroy()
  },
  removeAllListeners: (payload) => void payload.removeAllListeners(),
  'removeAllListeners later': (payload) => later(2, () => payload.removeAllListeners()),
  'removeAllListeners and destroy later': (payload) => later(2, () => payload.removeAllListeners().destroy()),
  pause: (payload) => void payload.pause(),
  'pause at the first chunk': (payload) => void payload.once('data', () => payload.pause()),
  'a piped copy that nobody reads': (payload) => void payload.pipe(new PassThrough({ highWaterMark: 10 })),
  'a piped copy that nobody reads, and a wait': async (payload) => {
    payload.pipe(new PassThrough({ highWaterMark: 10 }))
    await sleep(20)
  },
  'a piped copy that is destroyed': (payload) => {
    const copy = payload.pipe(new PassThrough())
    later(1, () => copy.destroy())
  },
  "emit('end') later": (payload) => later(1, () => payload.emit('end')),
}

/** Hooks that end the payload with an error, or in a way that causes one, such as leaving a loop. */
const WITH_ERROR: Readonly<Record<string, Hook>> = {
  'destroy with an error': (payload) => void payload.destroy(new Error('not this one')),
  'destroy with an error before a wait': async (payload) => {
    payload.destroy(new Error('not this one'))
    await sleep(5)
  },
  'destroy with an error later': (payload) => later(2, () => payload.destroy(new Error('not this one'))),
  'reading one chunk, which destroys': readOne,
  'reading one chunk beside the answer, which destroys': (payload) => void readOne(payload).catch(() => {}),
  'a pipeline that fails': (payload) => {
    const fail = (_chunk: unknown, _encoding: unknown, done: (error: Error) => void): void =>
      done(new Error('full'))
    pipeline(payload, new Writable({ write: fail }), () => {})
    return new Promise((resolve) => payload.once('close', resolve))
  },
  'push(null)': (payload) => void payload.push(null),
  'push(null) later': (payload) => later(2, () => payload.push(null)),
}

for (const [kind, Source] of Object.entries(SOURCES)) {
  for (const [name, hook] of Object.entries(WITHOUT_ERROR)) {
    t.test(`an answer is complete and its source is closed (${kind}, ${name})`, async (t) => {
      const source = new Source()
      const { port, errors } = await serveBehind(t, source, hook)
      t.equal(await outcomeOf(port), 'whole')
      await until(() => source.closed === source.opened)
      t.ok(source.opened <= 2)
      t.strictSame(errors(), [])
    })
  }

  for (const [name, hook] of Object.entries(WITH_ERROR)) {
    t.test(`an answer ends and its source is closed (${kind}, ${name})`, async (t) => {
      const source = new Source()
      const { port } = await serveBehind(t, source, hook)
      t.match(await outcomeOf(port), /whole|refused|cut/)
      await until(() => source.closed === source.opened)
    })
  }

  t.test(`a source is closed when the client leaves a hook that never returns (${kind})`, async (t) => {
    const source = new Source()
    const { port } = await serveBehind(t, source, () => new Promise(() => {}))
    const client = await RawClient.connect(port)
    client.request('GET', '/a.txt')
    await until(() => source.opened > 0)
    client.destroy()
    await until(() => source.closed === source.opened)
    t.pass()
  })

  t.test(
    `a source is closed when the client leaves a hook that has destroyed the payload and never returns (${kind})`,
    async (t) => {
      const source = new Source()
      const { port } = await serveBehind(t, source, (payload) => {
        payload.destroy()
        return new Promise(() => {})
      })
      const client = await RawClient.connect(port)
      client.request('GET', '/a.txt')
      await until(() => source.opened > 0)
      client.destroy()
      await until(() => source.closed === source.opened)
      t.pass()
    },
  )
}

t.test('a source with read is read once when a hook gets the payload and does not read it', async (t) => {
  const source = new InOrder()
  const { port } = await serveBehind(t, source, () => sleep(5))
  t.equal(await outcomeOf(port), 'whole')
  t.equal(source.reads, 1)
})

t.test('a source with read is read for a hook that reads, and again for the answer', async (t) => {
  const source = new InOrder()
  const seen: Buffer[] = []
  const { port } = await serveBehind(t, source, async (payload) => {
    for await (const chunk of payload) seen.push(chunk as Buffer)
  })
  t.equal(await outcomeOf(port), 'whole')
  sameBytes(t, Buffer.concat(seen), CONTENT)
  t.equal(source.reads, 2)
})

for (const [name, hook] of Object.entries({ ...WITHOUT_ERROR, 'a wait of a reader': readSome })) {
  t.test(`a source whose bytes can be read once gives no wrong bytes, and is closed (${name})`, async (t) => {
    const source = new Once()
    const { port } = await serveBehind(t, source, hook)
    t.match(await outcomeOf(port), /whole|refused|cut/)
    await until(() => source.closed === source.opened)
  })
}

async function readSome(payload: Readable): Promise<void> {
  payload.on('data', () => {})
  await sleep(5)
}

/** A source that never gives a byte. */
class Silent extends CountingSource {
  bytes() {
    return { read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }) }
  }
}

t.test('a hook gets no payload of a source that gives no byte, and the source is closed', async (t) => {
  const source = new Silent()
  let calls = 0
  const { port } = await serveBehind(t, source, () => calls++)
  const client = await RawClient.connect(port)
  client.request('GET', '/a.txt')
  await until(() => source.opened > 0)
  client.destroy()
  await until(() => source.closed === source.opened)
  t.equal(calls, 0)
})
