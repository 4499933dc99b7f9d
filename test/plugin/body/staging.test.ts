import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Staging } from '#plugin/body/staging.js'

const options = { chunkBytes: 1024, inUse: 2 }

t.test('a chunk that waits too long is taken back, and is then empty', async (t) => {
  const staging = new Staging(options)
  const late = staging.take()
  const reading = staging.take()
  if (late === undefined || reading === undefined) throw new Error('nothing was lent')
  late.bytes.fill('a')
  staging.wait(late)
  t.equal(staging.take(), undefined, 'not at once')
  while (late.bytes.length > 0) await sleep(20)
  t.equal(reading.bytes.length, 1024, 'what is read into is never taken back')
  staging.wait(late)
  staging.giveBack(late)
  const next = staging.take()
  t.equal(next?.bytes.length, 1024)
  t.equal(staging.take(), undefined, 'it came back once')
})

t.test('a chunk whose bytes are taken in time keeps them', async (t) => {
  const staging = new Staging(options)
  const chunk = staging.take()
  if (chunk === undefined) throw new Error('nothing was lent')
  chunk.bytes.fill('a')
  const late = staging.take()
  if (late !== undefined) staging.wait(late)
  // Each wait begins again, however long they last together.
  while (late !== undefined && late.bytes.length > 0) {
    staging.wait(chunk)
    await sleep(20)
  }
  t.ok(chunk.bytes.every((byte) => byte === 0x61))
  t.equal(chunk.bytes.length, 1024)
  staging.giveBack(chunk)
  t.equal(chunk.bytes.length, 0)
})
