// Several connections. Every byte is fetched once, a slow connection is replaced, and there are fewer where the host refuses.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
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

/** Lets one part of a test wait for another. */
function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => undefined
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

t.test('segments are assigned on demand, and every byte is asked for once', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { connections: 4, segmentSize: 500_000 })
  sameBytes(t, end.file, CONTENT, end.message)
  const asked = server.requests.map((request) => request.range?.start).sort((a = 0, b = 0) => a - b)
  t.strictSame(
    asked,
    Array.from({ length: 16 }, (_, segment) => segment * 500_000),
  )
  t.equal(server.mostConnections, 4)
})

t.test('an idle connection takes half of the largest remainder', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { connections: 3 })
  sameBytes(t, end.file, CONTENT, end.message)
  t.ok(server.requests.length > 3, `${server.requests.length} requests`)
  t.ok(server.served < SIZE * 1.2, `${server.served} bytes sent`)
})

t.test('a remainder is not split if it comes before another connection could get an answer', async (t) => {
  const [second, first] = [signal(), signal()]
  const server = await startHostile(async (request, socket) => {
    await sleep(800)
    const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
    socket.write(part({ start, end }, SIZE, A.fields))
    // When the first connection is done, a third is left for the second. That takes less time than an answer.
    const rest = end - 1_300_000
    await send(socket, CONTENT.subarray(start, rest))
    if (start > 0) second.give()
    await (start > 0 ? first.given : second.given)
    if (start > 0) await sleep(50) // time for the request that must not come
    socket.write(CONTENT.subarray(rest, end))
  })
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), {
    connections: 2,
    segmentSize: SIZE / 2,
    stallTimeout: 10_000,
    // So high that it does not limit. But with a limit the rates are not checked each second, as a busy machine would need.
    limitRate: 1e12,
    onSegment: () => first.give(),
  })
  sameBytes(t, end.file, CONTENT, end.message)
  t.equal(server.requests.length, 2)
})

t.test('a connection that becomes slow after the others are done is split', async (t) => {
  const size = 20_000_000
  const large = resource(makeContent(size))
  const server = await startHostile(async (request, socket) => {
    await sleep(600)
    const { start, end } = wanted(request, size) ?? { start: 0, end: size }
    socket.write(part({ start, end }, size, large.fields))
    for (let at = start; at < end && !socket.destroyed; at += 100_000) {
      socket.write(large.content.subarray(at, Math.min(end, at + 100_000)))
      // About when the first connection is done. Until then the remainder of the second one is not worth sharing.
      const isSlow = request.index === 1 && at - start > 4_200_000
      await sleep(isSlow ? 80 : 10)
    }
  })
  t.teardown(() => server.stop())
  const options = { connections: 2, segmentSize: size / 2, stallTimeout: 5000 }
  const end = await get(`${server.url}/file.bin`, t.testdir({}), options)
  sameBytes(t, end.file, large.content, end.message)
  t.ok(server.requests.length >= 3, `${server.requests.length} requests`)
})

for (const [name, refuse] of [
  ['429', head('429 Too Many Requests', { 'content-length': 0 })],
  ['503', head('503 Busy', { 'content-length': 0, 'retry-after': '1' })],
  ['a reset', null],
] as const) {
  t.test(
    `a download uses fewer connections until its end after the host has refused some (${name})`,
    async (t) => {
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
          // It is free again with the last byte, because the next request may come before any pause after it.
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
      sameBytes(t, end.file, CONTENT, end.message)
      t.ok(refused > 0 && refused <= 8, `${refused} refusals`)
    },
  )
}

t.test('a very slow segment is fetched by another connection', async (t) => {
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
  // At that speed the segment alone would take a quarter of an hour.
  const end = await get(`${server.url}/file.bin`, t.testdir({}), { connections: 3, segmentSize: 400_000 })
  sameBytes(t, end.file, CONTENT, end.message)
  t.equal(crawls, 1)
})
