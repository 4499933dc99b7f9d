import { type BinaryLike, createHash, Hash } from 'node:crypto'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { HASH_STEP_BYTES } from '#plugin/memory-bounds.js'
import { HashTurns } from '#plugin/sources/hash-turns.js'
import { serve, serveEverything } from '../support/serve.ts'

const KIB = 1024
const BYTES = Buffer.alloc(300 * KIB + 7, 'some bytes')
const WANT = { 'want-repr-digest': 'sha-256=1' }

/** Counts the turns of the event loop, until the test ends. */
function countTurns(t: Test): { count: number } {
  const turns = { count: 0 }
  const next = (): void => {
    turns.count++
    handle = setImmediate(next)
  }
  let handle = setImmediate(next)
  t.teardown(() => clearImmediate(handle))
  return turns
}

/** The bytes that are hashed in each turn, by all hashes together. */
function watchSteps(t: Test): Map<number, number> {
  const turns = countTurns(t)
  const bytesOf = new Map<number, number>()
  const { update } = Hash.prototype
  Hash.prototype.update = function (this: Hash, ...args: [BinaryLike]) {
    bytesOf.set(turns.count, (bytesOf.get(turns.count) ?? 0) + Buffer.byteLength(args[0]))
    return Reflect.apply(update, this, args) as Hash
  }
  t.teardown(() => {
    Hash.prototype.update = update
  })
  return bytesOf
}

const sum = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0)

t.test('ten hashes at a time take one step in a turn of the event loop, all together', async (t) => {
  const turns = new HashTurns()
  const want = createHash('sha256').update(BYTES).digest('hex')
  const bytesOf = watchSteps(t)
  const digests = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const hash = createHash('sha256')
      await turns.update(hash, BYTES, index % 2 === 0 ? 'awaited' : 'background')
      return hash.digest('hex')
    }),
  )
  t.strictSame(new Set(digests), new Set([want]))
  t.equal(sum(bytesOf.values()), 10 * BYTES.length)
  t.equal(Math.max(...bytesOf.values()), HASH_STEP_BYTES)
})

t.test('small pieces share a turn', async (t) => {
  const turns = new HashTurns()
  const bytesOf = watchSteps(t)
  const hash = createHash('sha256')
  for (let from = 0; from < HASH_STEP_BYTES; from += KIB)
    await turns.update(hash, BYTES.subarray(from, from + KIB), 'awaited')
  t.strictSame([...bytesOf.values()], [HASH_STEP_BYTES])
})

t.test('every hash of a server is made in such steps', async (t) => {
  const root = t.testdir({ 'large.bin': '', 'small.bin': BYTES })
  truncateSync(join(root, 'large.bin'), 3 * KIB * KIB)
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      app.get('/tagged', (_request, reply) => reply.sendRange('small.bin', { etag: 'content' }))
      serveEverything(app)
    },
  })
  const bytesOf = watchSteps(t)
  const content = { range: 'bytes=0-1999999', 'want-content-digest': 'sha-512=1' }
  const isKnown = async (): Promise<boolean> => {
    const { headers } = await app.inject({ method: 'HEAD', url: '/large.bin', headers: WANT })
    return headers['repr-digest'] !== undefined
  }
  const [part, tagged, small] = await Promise.all([
    app.inject({ url: '/large.bin', headers: content }),
    app.inject({ method: 'HEAD', url: '/tagged' }),
    app.inject({ method: 'HEAD', url: '/small.bin', headers: WANT }),
    isKnown(),
  ])
  while (!(await isKnown()));
  t.ok(part.headers['content-digest'])
  t.ok(tagged.headers['etag'])
  t.ok(small.headers['repr-digest'])
  t.equal(Math.max(...bytesOf.values()), HASH_STEP_BYTES)
})

/** Turns with a clock of their own: each look at it is 1 ms later. */
function restingTurns(): { turns: HashTurns; rests: number[] } {
  const rests: number[] = []
  let now = 0
  const turns = new HashTurns({
    now: () => now++,
    rest: async (ms) => {
      rests.push(ms)
    },
  })
  return { turns, rests }
}

t.test('a hash in the background rests as long as it has worked', async (t) => {
  const { turns, rests } = restingTurns()
  await turns.update(createHash('sha256'), BYTES, 'background')
  t.strictSame(rests, [1, 1, 1, 1, 1], 'each of the five steps took 1 ms by this clock')
})

t.test('all hashes in the background rest at the same time', async (t) => {
  let endRest = (): void => {}
  const rest = new Promise<void>((resolve) => {
    endRest = resolve
  })
  let now = 0
  const rests: number[] = []
  const turns = new HashTurns({
    now: () => now++,
    rest: (ms) => {
      rests.push(ms)
      return rest
    },
  })
  const bytesOf = watchSteps(t)
  const both = [1, 2].map(() => turns.update(createHash('sha256'), BYTES, 'background'))
  await turns.update(createHash('sha256'), BYTES, 'awaited')
  t.strictSame(rests, [1])
  t.equal(sum(bytesOf.values()), BYTES.length + HASH_STEP_BYTES, 'an answer that waits goes on')
  endRest()
  await Promise.all(both)
})

t.test('a hash that an answer waits for does not rest', async (t) => {
  const { turns, rests } = restingTurns()
  await turns.update(createHash('sha256'), BYTES, 'awaited')
  t.strictSame(rests, [])
})

t.test('a step that took long, because other programs ran, is followed by a short rest', async (t) => {
  let now = 0
  const rests: number[] = []
  const turns = new HashTurns({
    now: () => {
      now += 60_000
      return now
    },
    rest: async (ms) => {
      rests.push(ms)
    },
  })
  await turns.update(createHash('sha256'), BYTES.subarray(0, HASH_STEP_BYTES), 'background')
  t.strictSame(rests, [50])
})
