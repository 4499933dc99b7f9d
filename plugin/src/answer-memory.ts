import type { FastifyReply } from 'fastify'
import { BufferPool } from './buffer-pool.ts'
import { isPlainResponse } from './plain-response.ts'
import { whenOver } from './response-lifetime.ts'

/** The longest answer, in bytes, that is read at once and sent as one Buffer. */
export const LONGEST_AT_ONCE: number = 64 * 1024
/** What is shorter comes cheaply from Node's own pool. */
const SHORTEST_LENT = 4 * 1024

/** Of its own: clients that stall in long bodies do not take it from short answers. */
const pool = new BufferPool(LONGEST_AT_ONCE, 64)

/**
 * Memory for one answer. Where nobody but Node gets to see the payload it is used again: a new Buffer for each answer
 * costs more, in garbage collection, than reading the file.
 */
export class AnswerMemory {
  readonly bytes: Buffer
  readonly #slab: Buffer | undefined

  /**
   * @param length at most {@link LONGEST_AT_ONCE}
   * @param isSeen whether a hook of the application is given the payload
   */
  constructor(reply: FastifyReply, length: number, isSeen: boolean) {
    const mayReuse = length >= SHORTEST_LENT && !isSeen && !reply.request.is404 && isPlainResponse(reply.raw)
    this.#slab = mayReuse ? pool.take() : undefined
    this.bytes = this.#slab?.subarray(0, length) ?? Buffer.allocUnsafe(length)
  }

  /** Gives it back; nothing may read it any more. */
  giveBack(): void {
    if (this.#slab !== undefined) pool.give(this.#slab)
  }

  /** Gives it back when the operating system has what was sent. */
  giveBackAfter(reply: FastifyReply): void {
    if (this.#slab === undefined) return
    if (isTaken(reply)) {
      this.giveBack()
      return
    }
    let isOut = true
    const settle = (back: () => void) => (): void => {
      if (isOut) back()
      isOut = false
    }
    reply.raw.once(
      'finish',
      settle(() => this.giveBack()),
    )
    whenOver(
      reply,
      settle(() => pool.forfeit()),
    )
  }
}

/** Whether the operating system has all of the answer. */
export function isTaken({ raw }: FastifyReply): boolean {
  return raw.headersSent && raw.writableLength === 0
}
