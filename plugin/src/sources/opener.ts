import type { FastifyBaseLogger } from 'fastify'
import type { Refusal } from '../rules/refusal.ts'
import { openSource, type SourceContext } from './foreign-source.ts'
import type { Negotiation } from './negotiation.ts'
import type { Signal } from './signal.ts'
import type { OpenContext, RangeSource, Representation } from './source.ts'

/** What goes with one opening. */
export interface Opening extends SourceContext {
  /** `again` if the representation changed after it was opened for the same answer. */
  readonly attempt: 'first' | 'again'
  /** `none`: the answer is whole, and a file may grow while it is sent. */
  readonly acceptRanges: 'bytes' | 'none'
  /** Whether the answer uses the tag of the source. If not, none needs to be made. */
  readonly usesTag: boolean
  /**
   * How to choose between forms of what is opened. Undefined if the answer must be the thing itself, because the
   * application has said which coding or version its bytes are.
   */
  negotiation(): Negotiation | undefined
  /** The same as `context` makes, for a source of this package. */
  ownContext(): OwnContext
}

/** What a source of this package gets to know about the request. It must not change it. */
export interface OwnContext extends Pick<OpenContext, 'wanted' | 'wantedOf'> {
  /** Aborted when the answer is over. */
  readonly signal: Signal
}

/** How an answer opens a source, of this package or of an application. */
export interface Opener {
  /** `weak` if two versions from different sources may have the same date. Then no date continues a download. */
  readonly dates: 'as given' | 'weak'
  /** Opens a path. The result needs no more checks. The caller closes it. */
  open(path: string, opening: Opening): Promise<Representation | Refusal>
  /** Checks the settings of the source when the plugin is registered with it. Throws `ERR_RANGE_OPTION`. */
  check(log: FastifyBaseLogger): Promise<void>
  /** Closes what is kept open although no answer uses it. */
  closeKept(): void
}

interface OwnSource {
  readonly opener: Opener
  readonly open: RangeSource['open']
}

/** The sources of this package. The key is the source itself, so no other object can pass for one. */
const ownSources = new WeakMap<RangeSource, OwnSource>()

/**
 * Makes a source of this package. An answer opens it by its opener, without the checks that other sources need. It is not
 * frozen: a proxy of a frozen object cannot give another `open`.
 *
 * @param opener for answers
 * @param open for a source of an application that passes calls on
 */
export function ownSource(opener: Opener, open: RangeSource['open']): RangeSource {
  const source: RangeSource = { open }
  ownSources.set(source, { opener, open })
  return source
}

/**
 * The opener of any source, now. One of an application is held to its contract, and so is a source of this package whose
 * `open` the application has replaced.
 */
export function openerOf(source: RangeSource): Opener {
  const own = ownSources.get(source)
  const isOriginal = own !== undefined && Object.getOwnPropertyDescriptor(source, 'open')?.value === own.open
  return isOriginal ? own.opener : new ApplicationOpener(source)
}

/** Opens a source of an application, which checks its own settings and keeps what it likes. */
class ApplicationOpener implements Opener {
  readonly dates = 'as given'
  readonly #source: RangeSource

  constructor(source: RangeSource) {
    this.#source = source
  }

  open(path: string, opening: Opening): Promise<Representation | Refusal> {
    return openSource(this.#source, path, opening)
  }

  async check(): Promise<void> {}

  closeKept(): void {}
}
