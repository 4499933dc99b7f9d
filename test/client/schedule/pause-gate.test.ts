// The gate at which connections wait during a pause.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { PauseGate } from '#client/schedule/pause-gate.js'

/** Is `promise` still pending after all that is due now? */
async function isPending(promise: Promise<void>): Promise<boolean> {
  const turn = new Promise<'pending'>((resolve) => setImmediate(resolve, 'pending'))
  return (await Promise.race([promise, turn])) === 'pending'
}

function makeGate() {
  const over = new AbortController()
  const aborted: number[] = []
  return { over, aborted, gate: new PauseGate(over.signal, (minBytes) => aborted.push(minBytes)) }
}

t.test('an open gate lets a connection pass at once', async (t) => {
  const { gate } = makeGate()
  t.equal(gate.isClosed, false)
  t.equal(await isPending(gate.pass()), false)
})

t.test('a closed gate makes a connection wait until it is opened', async (t) => {
  const { gate } = makeGate()
  gate.close()
  const passed = gate.pass()
  t.equal(gate.isClosed, true)
  t.equal(await isPending(passed), true)
  gate.open()
  t.equal(await isPending(passed), false)
})

t.test('a gate that is closed again at once makes the same connection wait again', async (t) => {
  const { gate } = makeGate()
  gate.close()
  const passed = gate.pass()
  gate.open()
  gate.close()
  t.equal(await isPending(passed), true)
  gate.open()
  await passed
})

t.test('closing aborts long segments at once, and all others after half a second', async (t) => {
  const { gate, aborted } = makeGate()
  gate.close()
  t.strictSame(aborted, [64 * 1024])
  await sleep(600)
  t.strictSame(aborted, [64 * 1024, 0])
  gate.open()
})

t.test('opening before half a second does not abort the other segments', async (t) => {
  const { gate, aborted } = makeGate()
  gate.close()
  gate.close()
  gate.open()
  await sleep(600)
  t.strictSame(aborted, [64 * 1024], 'closing twice aborts once')
})

t.test('the end of the download opens the gate for ever', async (t) => {
  const { gate, over } = makeGate()
  gate.close()
  over.abort()
  t.equal(gate.isClosed, false)
  gate.close()
  t.equal(gate.isClosed, false)
})
