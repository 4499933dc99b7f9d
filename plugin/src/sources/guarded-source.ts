import type { ByteRange } from '../rules/range-set.ts'
import { unlessGivenUp } from './given-up.ts'
import type { ReopenableRepresentation } from './reopened-reads.ts'
import {
  isPositional,
  type PositionalRepresentation,
  type Representation,
  type RepresentationMetadata,
  type StreamedRepresentation,
} from './source.ts'
import { iterate } from './source-chunks.ts'

/** How long after the end of an answer, in ms, `close` waits for the promises of a source. */
const SETTLE_MS = 30_000

/** The promises of a source that have not settled. */
class Promises {
  readonly #pending = new Set<Promise<unknown>>()
  readonly #settleMs: number

  constructor(settleMs: number) {
    this.#settleMs = settleMs
  }

  /** Waits for a promise, until the signal is aborted. */
  for<T>(work: T | PromiseLike<T>, signal: AbortSignal): Promise<T> {
    const promise = Promise.resolve(work)
    this.#add(promise)
    return unlessGivenUp(promise, signal)
  }

  /** Calls `clean` when all have settled, before anything that waits for {@link settled}. */
  after(clean: () => unknown): void {
    this.#add(Promise.all(this.#pending).then(clean))
  }

  /** Resolves when all have settled, or took too long. */
  async settled(): Promise<void> {
    if (this.#pending.size > 0) await within(this.#settleMs, this.#drain())
  }

  #add(promise: Promise<unknown>): void {
    const settled: Promise<unknown> = promise.then(ignore, ignore).then(() => this.#pending.delete(settled))
    this.#pending.add(settled)
  }

  async #drain(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }
}

/** Resolves when `work` does, or when the time is over. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
    timer.unref()
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

function ignore(): void {}

/** What a representation is guarded with. */
export interface GuardOptions {
  /** Aborted when the answer is over. */
  readonly signal: AbortSignal
  readonly reopen: ReopenableRepresentation['reopen']
  /** How long, in ms, it is not closed because a read does not settle. */
  readonly settleMs?: number
}

/** The part of both kinds. Every call is passed on, and waited for until the answer is over. */
class Guarded<R extends Representation> implements RepresentationMetadata {
  protected readonly given: R
  protected readonly signal: AbortSignal
  protected readonly promises: Promises

  constructor(given: R, { signal, settleMs = SETTLE_MS }: GuardOptions) {
    this.promises = new Promises(settleMs)
    this.given = given
    this.signal = signal
  }

  get size(): number {
    return this.given.size
  }

  get etag(): string | undefined {
    return this.given.etag
  }

  get lastModified(): Date | undefined {
    return this.given.lastModified
  }

  get lastModifiedStrength(): RepresentationMetadata['lastModifiedStrength'] {
    return this.given.lastModifiedStrength
  }

  get contentType(): string | undefined {
    return this.given.contentType
  }

  get contentEncoding(): string | undefined {
    return this.given.contentEncoding
  }

  get headers(): RepresentationMetadata['headers'] {
    return this.given.headers
  }

  get acceptRanges(): 'bytes' | 'none' | undefined {
    return this.given.acceptRanges
  }

  async unchanged(signal: AbortSignal): Promise<boolean> {
    const { given, promises } = this
    return given.unchanged === undefined || promises.for(given.unchanged(signal), this.signal)
  }

  /** Closes after the last read has settled, or took too long. */
  async close(): Promise<void> {
    await this.promises.settled()
    await this.given.close()
  }
}

class GuardedPositional extends Guarded<PositionalRepresentation> implements PositionalRepresentation {
  async readAt(target: Uint8Array, position: number, signal: AbortSignal): Promise<number> {
    return this.promises.for(this.given.readAt(target, position, signal), this.signal)
  }

  cached(range: ByteRange): Uint8Array | undefined {
    return this.given.cached?.(range)
  }

  offerToCache(range: ByteRange, bytes: Uint8Array): void {
    this.given.offerToCache?.(range, bytes)
  }
}

class GuardedStreamed extends Guarded<StreamedRepresentation> implements ReopenableRepresentation {
  readonly reopen: ReopenableRepresentation['reopen']

  constructor(given: StreamedRepresentation, options: GuardOptions) {
    super(given, options)
    this.reopen = options.reopen
  }

  read(range: ByteRange, signal: AbortSignal, following?: Iterable<ByteRange>): AsyncIterable<Uint8Array> {
    const chunks = iterate(this.given.read(range, signal, following))
    const { promises } = this
    const iterator: AsyncIterator<Uint8Array> = {
      next: async () => promises.for(chunks.next(), signal),
      // An iterator cleans up when its last read has settled. The answer does not wait for that.
      return: async () => {
        promises.after(() => chunks.return?.())
        return { done: true, value: undefined }
      },
    }
    return { [Symbol.asyncIterator]: () => iterator }
  }
}

/**
 * Makes a representation of a source one that is waited for only until the answer is over, also if a promise of it never
 * settles. It is closed when its last read has settled, or 30 s after the end of the answer.
 *
 * A read that is still running then may write into its target, so that memory is not used again.
 */
export function guardedRepresentation(given: Representation, options: GuardOptions): Representation {
  return isPositional(given) ? new GuardedPositional(given, options) : new GuardedStreamed(given, options)
}
