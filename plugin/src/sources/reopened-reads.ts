import { representationChanged } from '../errors.ts'
import { propertyOf } from '../own-properties.ts'
import type { ByteRange } from '../rules/range-set.ts'
import { isPositional, type Representation, type StreamedRepresentation } from './source.ts'
import { iterate } from './source-chunks.ts'

/** A streamed representation whose path can be opened once more, by the source that has opened it. */
export interface ReopenableRepresentation extends StreamedRepresentation {
  /** Opens the same path; undefined if it is not there any more. */
  readonly reopen: () => Promise<Representation | undefined>
}

/** Whether the path of a representation can be opened once more. */
export function isReopenable(representation: Representation): representation is ReopenableRepresentation {
  return propertyOf(representation, 'reopen') !== undefined
}

/** How a source is opened once more. */
export interface Reopening {
  /** Opens the same path; undefined if it is not there any more. */
  readonly open: () => Promise<Representation | undefined>
  /** Closes what was opened, and logs a failure. */
  readonly close: (opened: Representation) => void
}

/**
 * The representations for all readers of one streamed answer: the response, and hooks that read the payload too. The
 * first reader gets the representation that the answer was decided on. For each other reader the path is opened again,
 * since a representation is read one part after the other. If that is another version, its read fails.
 */
export class ReadOpenings {
  readonly #first: StreamedRepresentation
  readonly #reopening: Reopening
  #isFirstTaken = false

  constructor(first: StreamedRepresentation, reopening: Reopening) {
    this.#first = first
    this.#reopening = reopening
  }

  /** The representation for one reader. Its `close` leaves the first one open. */
  forReader(): StreamedRepresentation {
    if (!this.#isFirstTaken) {
      this.#isFirstTaken = true
      return new LentRepresentation(this.#first)
    }
    return new LazyRepresentation(this.#first, {
      open: () => this.#open(),
      close: this.#reopening.close,
    })
  }

  async #open(): Promise<StreamedRepresentation> {
    const first = this.#first
    const opened = await this.#reopening.open()
    if (opened === undefined) throw representationChanged()
    if (!isPositional(opened) && isSameVersion(opened, first)) return opened
    await this.#reopening.close(opened)
    throw representationChanged()
  }
}

function isSameVersion(one: Representation, other: Representation): boolean {
  const [oneDate, otherDate] = [one, other].map(({ lastModified }) => lastModified?.getTime())
  const isSameForm = one.size === other.size && one.contentEncoding === other.contentEncoding
  return isSameForm && one.etag === other.etag && oneDate === otherDate
}

/** A representation that somebody else closes. */
class LentRepresentation implements StreamedRepresentation {
  readonly size: number
  readonly #lent: StreamedRepresentation

  constructor(lent: StreamedRepresentation) {
    this.size = lent.size
    this.#lent = lent
  }

  read(
    range: ByteRange,
    signal: AbortSignal,
    following?: Iterable<ByteRange>,
  ): ReturnType<StreamedRepresentation['read']> {
    return signal.aborted ? [] : this.#lent.read(range, signal, following)
  }

  async unchanged(signal: AbortSignal): Promise<boolean> {
    return this.#lent.unchanged === undefined || this.#lent.unchanged(signal)
  }

  close(): void {}
}

interface Opening extends Reopening {
  readonly open: () => Promise<StreamedRepresentation>
}

/** A representation that its first read opens. */
class LazyRepresentation implements StreamedRepresentation {
  readonly size: number
  readonly #opening: Opening
  #opened: Promise<StreamedRepresentation> | undefined

  constructor({ size }: StreamedRepresentation, opening: Opening) {
    this.size = size
    this.#opening = opening
  }

  /** Not a generator, which would keep the chunk that it has yielded last until it is asked for the next one. */
  read(
    range: ByteRange,
    signal: AbortSignal,
    following?: Iterable<ByteRange>,
  ): AsyncIterableIterator<Uint8Array> {
    let chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array> | undefined
    const begin = async (): Promise<AsyncIterator<Uint8Array> | Iterator<Uint8Array>> => {
      this.#opened ??= this.#opening.open()
      const opened = await this.#opened
      chunks = iterate(signal.aborted ? [] : opened.read(range, signal, following))
      return chunks
    }
    return {
      [Symbol.asyncIterator]() {
        return this
      },
      next: async () => (chunks ?? (await begin())).next(),
      return: async () => {
        await chunks?.return?.()
        return { done: true, value: undefined }
      },
    }
  }

  async unchanged(signal: AbortSignal): Promise<boolean> {
    const opened = await this.#opened
    return opened?.unchanged === undefined || opened.unchanged(signal)
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined)
    if (opened !== undefined) this.#opening.close(opened)
  }
}
