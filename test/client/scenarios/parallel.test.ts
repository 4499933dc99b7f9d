// Several connections: every byte once, the slow one relieved, fewer where the host wants fewer.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import {
  answerHonestly,
  head,
  honest,
  makeContent,
  part,
  resource,
  send,
  startHostile,
  wanted,
} from '../support/hostile-server.ts'
import { get } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const CONTENT = makeContent(8_000_000)
const A = resource(CONTENT)
const SIZE = CONTENT.length

/** What one part of a test waits for and another gives. */
function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => undefined
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

t.test('work is handed out on demand: every byte asked for once', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { connections: 4, segmentSize: 500_000 })
  t.ok(end.file?.equals(CONTENT), end.message)
  const asked = server.requests.map((request) => request.range?.start).sort((a = 0, b = 0) => a - b)
  t.strictSame(
    asked,
    Array.from({ length: 16 }, (_, segment) => segment * 500_000),
  )
  t.equal(server.mostConnections, 4)
})

t.test('an idle connection takes half of the largest rest', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { connections: 3 })
  t.ok(end.file?.equals(CONTENT), end.message)
  t.ok(server.requests.length > 3, `${server.requests.length} requests`)
  t.ok(server.served < SIZE * 1.2, `${server.served} bytes sent`)
})

t.test('a rest that is there before another could ask for it is left alone', async (t) => {
  const [second, first] = [signal(), signal()]
  const server = await startHostile(async (request, socket) => {
    await sleep(800)
    const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    socket.write(part({ start, end }, SIZE, A.fields))
    // When the first one is done, the second one has a third to go: soon, beside the wait for an answer.
    const rest = end - 1_300_000
    await send(socket, CONTENT.subarray(start, rest))
    if (start > 0) second.give()
    await (start > 0 ? first.given : second.given)
    if (start > 0) await sleep(50) // for the request that must not come
    socket.write(CONTENT.subarray(rest, end))
  })
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), {
    connections: 2,
    segmentSize: SIZE / 2,
    stallTimeout: 10_000,
    // No limit in fact; but with one the rates are not looked at again each second, which a busy machine would come to.
    limitRate: 1e12,
    onSegment: () => first.give(),
  })
  t.ok(end.file?.equals(CONTENT), end.message)
  t.equal(server.requests.length, 2)
})

t.test('a connection that slows down when the others are gone is relieved all the same', async (t) => {
  const size = 20_000_000
  const large = resource(makeContent(size))
  const server = await startHostile(async (request, socket) => {
    await sleep(600)
    const { start, end } = wanted(request, size) ?? { start: 0, end: size }
    socket.write(part({ start, end }, size, large.fields))
    for (let at = start; at < end && !socket.destroyed; at += 100_000) {
      socket.write(large.content.subarray(at, Math.min(end, at + 100_000)))
      // About when the first one is done: until then the rest of the second one is not worth sharing.
      const isSlow = request.index === 1 && at - start > 4_200_000
      await sleep(isSlow ? 80 : 10)
    }
  })
  t.teardown(() => server.stop())
  const options = { connections: 2, segmentSize: size / 2, stallTimeout: 5000 }
  const end = await get(`${server.url}/file.bin`, t.testdir({}), options)
  t.ok(end.file?.equals(large.content), end.message)
  t.ok(server.requests.length >= 3, `${server.requests.length} requests`)
})

for (const [name, refuse] of [
  ['429', head('429 Too Many Requests', { 'content-length': 0 })],
  ['503', head('503 Busy', { 'content-length': 0, 'retry-after': '1' })],
  ['a reset', null],
] as const) {
  t.test(`fewer connections where the host refuses with ${name}, remembered for the run`, async (t) => {
    let active = 0
    let refused = 0
    const server = await startHostile(async (request, socket) => {
      if (active >= 2) {
        refused++
        if (refuse === null) socket.resetAndDestroy()
        else socket.write(refuse)
        return
      }
      active++
      const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
      socket.write(part({ start, end }, SIZE, A.fields))
      for (let at = start; at < end; at += 100_000) {
        socket.write(CONTENT.subarray(at, Math.min(end, at + 100_000)))
        // Free again with the last byte: the next request may be here before any pause after it.
        if (at + 100_000 >= end) active--
        else await sleep(10)
      }
    })
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({}), {
      connections: 6,
      segmentSize: 400_000,
      retries: 3,
    })
    t.ok(end.file?.equals(CONTENT), end.message)
    t.ok(refused > 0 && refused <= 8, `${refused} refusals`)
  })
}

t.test('a crawling segment is handed over', async (t) => {
  let crawls = 0
  const server = await startHostile(async (request, socket) => {
    if (request.index !== 1) return answerHonestly(A, request, socket)
    crawls++
    const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    socket.write(part({ start, end }, SIZE, A.fields))
    for (let at = start; at < end && !socket.destroyed; at += 50) {
      socket.write(CONTENT.subarray(at, at + 50))
      await sleep(100)
    }
  })
  t.teardown(() => server.stop())
  // At its pace the segment alone would take a quarter of an hour.
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { connections: 3, segmentSize: 400_000 })
  t.ok(end.file?.equals(CONTENT), end.message)
  t.equal(crawls, 1)
})
