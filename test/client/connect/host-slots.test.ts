import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { HostSlots, type ReleaseSlot } from '#client/connect/host-slots.js'

const A = new URL('http://a.test/file')
const B = new URL('http://b.test/file')
const never = new AbortController().signal

/** Takes slots, and records the order in which they are granted. */
function users(slots: HostSlots) {
  const granted: string[] = []
  const releases: ReleaseSlot[] = []
  const ids = new Map<string, object>()
  const take = (name: string, url = A): void => {
    const user = ids.get(name) ?? {}
    ids.set(name, user)
    void slots.take(url, user, never).then((release) => {
      granted.push(name)
      releases.push(release)
    })
  }
  return { granted, releases, take, id: (name: string) => ids.get(name) ?? {} }
}

t.test('a host has a bounded number of requests, and other hosts do not wait for it', async (t) => {
  const slots = new HostSlots(2)
  const { granted, releases, take } = users(slots)
  for (const name of ['1', '2', '3', '4']) take(name)
  take('other', B)
  await turn()
  t.strictSame(granted, ['1', '2', 'other'])
  releases[0]?.()
  releases[0]?.()
  await turn()
  t.strictSame(granted, ['1', '2', 'other', '3'], 'a slot is given back once')
})

t.test('the file with the fewest requests is next', async (t) => {
  const slots = new HostSlots(3)
  const { granted, releases, take } = users(slots)
  for (const name of ['big', 'big', 'small', 'big', 'big', 'small', 'new']) take(name)
  await turn()
  t.strictSame(granted, ['big', 'big', 'small'])
  releases[0]?.()
  await turn()
  t.equal(granted.at(-1), 'new')
  releases[2]?.()
  await turn()
  t.equal(granted.at(-1), 'small')
})

t.test('a file whose requests all wait is queued', async (t) => {
  const slots = new HostSlots(1)
  const { take, id, releases } = users(slots)
  take('1')
  take('2')
  await turn()
  t.notOk(slots.isQueued(id('1')))
  t.ok(slots.isQueued(id('2')))
  t.notOk(slots.isQueued(id('3')))
  releases[0]?.()
  await turn()
  t.notOk(slots.isQueued(id('2')))
})

t.test('a wait ends with its signal', async (t) => {
  const slots = new HostSlots(1)
  const { take, granted, releases } = users(slots)
  take('1')
  const stop = new AbortController()
  const waiting = slots.take(A, {}, stop.signal)
  take('3')
  stop.abort(new Error('stopped'))
  await t.rejects(waiting, { message: 'stopped' })
  await t.rejects(slots.take(A, {}, stop.signal), { message: 'stopped' })
  releases[0]?.()
  await turn()
  t.strictSame(granted, ['1', '3'])
})

t.test('a host that refuses gets fewer requests, and more again when it answers', async (t) => {
  const slots = new HostSlots(3)
  const { take, granted, releases } = users(slots)
  for (const name of ['1', '2', '3', '4', '5', '6']) take(name)
  await turn()
  slots.refused(A, 0)
  releases[2]?.()
  await turn()
  t.strictSame(granted, ['1', '2', '3'], 'two are enough now')
  releases[1]?.()
  await turn()
  t.equal(granted.length, 4)
  for (let answers = 0; answers < 8; answers++) slots.answered(A)
  await turn()
  t.equal(granted.length, 5)
  for (let answers = 0; answers < 8; answers++) slots.answered(A)
  await turn()
  t.equal(granted.length, 5, 'no more than at first')
})

t.test('a host that refuses its only request still gets one', async (t) => {
  const slots = new HostSlots(3)
  const { take, granted, releases } = users(slots)
  take('1')
  await turn()
  slots.refused(A, 0)
  releases[0]?.()
  take('2')
  take('3')
  await turn()
  t.strictSame(granted, ['1', '2'])
})

t.test('a host that asks to wait is left alone for that time, and no other host is', async (t) => {
  const slots = new HostSlots(3)
  t.teardown(() => slots.close())
  const { take, granted, releases } = users(slots)
  take('1')
  await turn()
  slots.refused(A, 60_000)
  releases[0]?.()
  take('2')
  take('other', B)
  await turn()
  t.strictSame(granted, ['1', 'other'])
})

t.test('a host with one request at once is left alone, too', async (t) => {
  const slots = new HostSlots(1)
  t.teardown(() => slots.close())
  const { take, granted, releases } = users(slots)
  take('1')
  await turn()
  slots.refused(A, 60_000)
  releases[0]?.()
  await turn()
  take('2')
  await turn()
  t.strictSame(granted, ['1'])
})

t.test('after that time it is asked again', async (t) => {
  const slots = new HostSlots(3)
  const { take, releases, id } = users(slots)
  take('1')
  await turn()
  slots.refused(A, 20)
  releases[0]?.()
  await (await slots.take(A, id('1'), never))()
  t.pass('it is granted')
})

t.test('a host that is not in use is forgotten', async (t) => {
  const slots = new HostSlots(1)
  ;(await slots.take(A, {}, never))()
  slots.answered(A)
  slots.refused(A, 60_000)
  ;(await slots.take(A, {}, never))()
  t.pass('a refusal that comes late does not hold anything up')
})
