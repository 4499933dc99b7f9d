import { setImmediate as endOfTurn } from 'node:timers/promises'
import t from 'tap'
import { isCrowded, turnToWrite } from '#plugin/body/write-turns.js'
import { BULK_BYTES_PER_TURN } from '#plugin/memory-bounds.js'

/** Writes as many long bodies do, and notes in which turn each write had room. */
async function turnsOf(byteCounts: readonly number[]): Promise<number[]> {
  await endOfTurn()
  let turn = 0
  let isOver = false
  const turns: number[] = []
  const count = (): void => {
    turn++
    if (!isOver) setImmediate(count)
  }
  // Before the writes, so that it counts a turn before they go on in it.
  setImmediate(count)
  const writes = byteCounts.map(async (byteCount, index) => {
    await turnToWrite(byteCount)
    turns[index] = turn
  })
  await Promise.all(writes)
  isOver = true
  return turns
}

t.test('a turn has room for one write of a long body, and the others follow in their order', async (t) => {
  const turns = await turnsOf(Array.from({ length: 5 }, () => BULK_BYTES_PER_TURN))
  t.strictSame(turns, [0, 1, 2, 3, 4])
})

t.test('smaller writes share a turn', async (t) => {
  const turns = await turnsOf(Array.from({ length: 8 }, () => BULK_BYTES_PER_TURN / 4))
  t.strictSame(turns, [0, 0, 0, 0, 1, 1, 1, 1])
})

t.test('a write that is longer than a turn has room for begins all the same', async (t) => {
  const turns = await turnsOf([BULK_BYTES_PER_TURN * 3, 1])
  t.strictSame(turns, [0, 1])
})

t.test('without other long bodies nothing waits', async (t) => {
  for (let write = 0; write < 3; write++) {
    await endOfTurn()
    t.equal(turnToWrite(BULK_BYTES_PER_TURN), undefined)
  }
})

t.test('it is crowded while many long bodies wait', async (t) => {
  await endOfTurn()
  t.equal(isCrowded(), false)
  const writes = Array.from({ length: 9 }, () => turnToWrite(BULK_BYTES_PER_TURN))
  t.equal(isCrowded(), true)
  await writes[2]
  t.equal(isCrowded(), false)
  await Promise.all(writes)
})
