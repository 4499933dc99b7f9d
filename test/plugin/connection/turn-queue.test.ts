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

t.test('as many as the limit have a turn, in the order of arrival', async (t) => {
  const queue = new TurnQueue({ moving: 2, total: 4 })
  const [first, second, third, fourth] = [moving(), moving(), moving(), moving()]
  t.ok(queue.tryTake(first))
  await queue.take(second)
  t.notOk(queue.tryTake(third))
  const order: string[] = []
  const third_ = queue.take(third).then(() => order.push('third'))
  const fourth_ = queue.take(fourth).then(() => order.push('fourth'))
  queue.giveBack(first)
  t.notOk(queue.tryTake(moving()), 'a newcomer waits behind the others')
  await third_
  queue.giveBack(second)
  await fourth_
  t.strictSame(order, ['third', 'fourth'])
})

t.test('one that makes no progress gives others a turn, up to a limit', async (t) => {
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
  t.notOk(isIn, 'there are at most three turns')
  queue.giveBack(first)
  await last
  t.ok(isIn)
})

t.test('one that makes progress keeps its turn to itself', async (t) => {
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

t.test('one that gives up waiting is released without a turn', async (t) => {
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
