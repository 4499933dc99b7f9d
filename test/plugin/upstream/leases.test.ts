import t from 'tap'
import { type Lease, Leases } from '#plugin/upstream/leases.js'
import { until } from '../support/serve.ts'

const NEVER = new AbortController().signal
/** Takes a connection as an answer does. */
async function take(leases: Leases, signal = NEVER): Promise<Lease> {
  return leases.takeFree() ?? (await leases.wait(signal))
}

const BOUNDS = { maxConnections: 2, queueTimeout: 60_000, parkAfter: 60_000 }

t.test('connections beyond the bound are waited for, in order', async (t) => {
  const leases = new Leases(BOUNDS)
  const [first, second] = [await take(leases), await take(leases)]
  const order: string[] = []
  const third = take(leases).then((lease) => {
    order.push('third')
    return lease
  })
  const fourth = take(leases).then(() => order.push('fourth'))
  first?.release()
  first?.release()
  const held = await third
  t.strictSame(order, ['third'], 'a second release has no effect')
  held.release()
  await fourth
  second?.release()
  t.strictSame(order, ['third', 'fourth'])
})

t.test('the wait ends after its time, and with the answer', async (t) => {
  const leases = new Leases({ ...BOUNDS, maxConnections: 1, queueTimeout: 1 })
  const held = await take(leases)
  await t.rejects(take(leases), { message: /in use/ })
  const patient = new Leases({ ...BOUNDS, maxConnections: 1 })
  const other = await take(patient)
  const controller = new AbortController()
  const waiting = take(patient, controller.signal)
  controller.abort(new Error('over'))
  await t.rejects(waiting, { message: 'over' })
  await t.rejects(take(patient, controller.signal), { message: 'over' })
  held.release()
  other.release()
  ;(await take(leases)).release()
  ;(await take(patient)).release()
})

t.test(
  'a connection that becomes free for an answer that ends in the same moment goes to the next',
  async (t) => {
    const leases = new Leases({ ...BOUNDS, maxConnections: 1 })
    const held = await take(leases)
    const controller = new AbortController()
    const over = take(leases, controller.signal)
    const next = take(leases)
    held.release()
    controller.abort(new Error('over'))
    await t.rejects(over, { message: 'over' })
    ;(await next).release()
    t.ok(leases.takeFree(), 'none is lost')
  },
)

t.test('an idle connection is taken back after its time', async (t) => {
  const leases = new Leases({ ...BOUNDS, parkAfter: 10 })
  const lease = await take(leases)
  const parked: Lease[] = []
  lease.idle(() => parked.push(lease))
  lease.busy()
  lease.idle(() => parked.push(lease))
  await until(() => parked.length > 0)
  t.equal(parked.length, 1)
  lease.release()
  lease.idle(() => parked.push(lease))
  t.equal(parked.length, 1, 'what is released is not idle')
})

t.test('while others wait, the one that is idle for longest is taken back', async (t) => {
  const leases = new Leases(BOUNDS)
  const [first, second] = [await take(leases), await take(leases)]
  const parked: string[] = []
  const park = (name: string, lease: Lease | undefined) => () => {
    parked.push(name)
    lease?.release()
  }
  second?.idle(park('second', second))
  first?.idle(park('first', first))
  const third = await take(leases)
  t.equal(parked[0], 'second')
  third.release()
})
