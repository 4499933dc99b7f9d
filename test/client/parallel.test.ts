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
  startHostile,
  wanted,
} from './support/hostile-server.ts'
import { get } from './support/run.ts'
import { startSlow } from './support/slow-server.ts'

const CONTENT = makeContent(8_000_000)
const A = resource(CONTENT)
const SIZE = CONTENT.length

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
