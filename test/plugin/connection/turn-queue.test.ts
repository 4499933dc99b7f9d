import t from 'tap'
import { TurnQueue } from '#plugin/connection/turn-queue.js'

// The timer of a queue holds no process open.
const alive = setInterval(() => {}, 1000)
t.teardown(() => clearInterval(alive))

interface Worker {
  progress: () => unknown
}

const still = (): Worker => ({ progress: () => 'still' })

/** Gets on all the time. */
function moving(): Worker {
  let count = 0
  return { progress: () => count++ }
}

t.test('a few have a turn, in the order in which they came', async (t) => {
  const queue = new TurnQueue({ moving: 2, total: 4 })
  const [first, second, third, fourth] = [moving(), moving(), moving(), moving()]
  t.ok(queue.tryTake(first))
  await queue.take(second)
  t.notOk(queue.tryTake(third))
  const order: string[] = []
  const third_ = queue.take(third).then(() => order.push('third'))
  const fourth_ = queue.take(fourth).then(() => order.push('fourth'))
  queue.giveBack(first)
  t.notOk(queue.tryTake(moving()), 'nobody overtakes those who wait')
  await third_
  queue.giveBack(second)
  await fourth_
  t.strictSame(order, ['third', 'fourth'])
})

t.test('one that stands still gives others a turn, up to a limit', async (t) => {
  const queue = new TurnQueue({ moving: 2, total: 3 })
  const first = still()
  t.ok(queue.tryTake(first))
  t.ok(queue.tryTake(moving()))
  await queue.take(still())
  let isIn = false
  const last = queue.take(moving()).then(() => {
    isIn = true
  })
  await new Promise((resolve) => setTimeout(resolve, 700))
  t.notOk(isIn, 'three turns are the most')
  queue.giveBack(first)
  await last
  t.ok(isIn)
})

t.test('those that get on are not counted as standing still', async (t) => {
  const queue = new TurnQueue({ moving: 2, total: 4 })
  const first = moving()
  t.ok(queue.tryTake(first))
  t.ok(queue.tryTake(moving()))
  let isIn = false
  const third = queue.take(moving()).then(() => {
    isIn = true
  })
  await new Promise((resolve) => setTimeout(resolve, 700))
  t.notOk(isIn)
  queue.giveBack(first)
  await third
})

t.test('who waits no longer is told, and gets no turn', async (t) => {
  const queue = new TurnQueue({ moving: 1, total: 1 })
  const first = moving()
  const second = moving()
  t.ok(queue.tryTake(first))
  const waiting = queue.take(second)
  queue.giveUp(second)
  await waiting
  queue.giveBack(second)
  queue.giveBack(first)
  await queue.take(moving())
})
