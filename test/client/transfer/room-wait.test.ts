// The wait for room, between two rounds of connections.
import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { RoomWait } from '#client/transfer/room-wait.js'

/** A store that is waited for while `moved` is a promise. */
const storeWith = (moved: Promise<void> | null) => ({ window: { start: 0, end: 0, size: 1, moved } })

t.test('rounds that fetch something are never waited for, nor counted', async (t) => {
  const room = new RoomWait({ window: null })
  for (let round = 0; round < 5; round++) await room.afterRound(1)
  t.pass('it goes on')
})

t.test('two rounds with nothing to fetch or to wait for are an error, and not a loop', async (t) => {
  const room = new RoomWait(storeWith(null))
  await room.afterRound(0)
  await t.rejects(room.afterRound(0), { message: /nothing to fetch or to wait for/ })
})

t.test('a request between them, or a wait, is progress', async (t) => {
  const store = storeWith(null)
  const room = new RoomWait(store)
  await room.afterRound(0)
  await room.afterRound(1)
  await room.afterRound(0)
  store.window.moved = Promise.resolve()
  await room.afterRound(0)
  store.window.moved = null
  await room.afterRound(0)
  await t.rejects(room.afterRound(0))
})

t.test('a wait ends with the room, or when it is ended', async (t) => {
  let move: () => void = () => undefined
  const moved = new Promise<void>((resolve) => {
    move = resolve
  })
  const room = new RoomWait(storeWith(moved))
  let rounds = 0
  const first = room.afterRound(0).then(() => rounds++)
  await nextTurn()
  t.equal(rounds, 0)
  room.end()
  await first
  const second = room.afterRound(0).then(() => rounds++)
  await nextTurn()
  t.equal(rounds, 1)
  move()
  await second
})
