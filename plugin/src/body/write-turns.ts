import { BULK_BYTES_PER_TURN } from '../memory-bounds.ts'

/** With fewer long bodies, their parts cost more than short answers gain. */
const CROWD = 8

/** Bytes that long bodies have written in this turn of the event loop. */
let written = 0
let isTurnEnding = false
/** Long bodies that wait for a later turn, in the order in which they came. */
const waiting: (() => void)[] = []

/**
 * Waits for a turn of the event loop in which there is room for a write of a long body. A write takes the processor while the
 * system copies its bytes, so the writes of many long bodies in one turn would keep short answers waiting.
 *
 * @returns undefined if there is room now
 */
export function turnToWrite(byteCount: number): Promise<void> | undefined {
  if (waiting.length === 0 && written < BULK_BYTES_PER_TURN) {
    noteWrite(byteCount)
    return undefined
  }
  return new Promise((resolve) => {
    waiting.push(() => {
      noteWrite(byteCount)
      resolve()
    })
  })
}

/** Whether many long bodies wait for their turn. Then none of them should write more than a turn has room for. */
export function isCrowded(): boolean {
  return waiting.length >= CROWD
}

/** Notes a write that does not wait, so that others do. */
export function noteWrite(byteCount: number): void {
  written += byteCount
  if (isTurnEnding) return
  isTurnEnding = true
  setImmediate(beginTurn)
}

/** After each turn that has written, so that nothing waits without it. */
function beginTurn(): void {
  written = 0
  isTurnEnding = false
  while (written < BULK_BYTES_PER_TURN) {
    const next = waiting.shift()
    if (next === undefined) return
    next()
  }
}
