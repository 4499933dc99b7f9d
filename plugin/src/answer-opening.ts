import type { FastifyBaseLogger, FastifyReply } from 'fastify'
import { whenOver } from './connection/response-lifetime.ts'
import type { Settings } from './options.ts'
import { codingRequestOf } from './request/request-fields.ts'
import { Foresight } from './response/decided-answer.ts'
import { isFormChosen } from './response/response-fields.ts'
import type { CodingRequest } from './rules/accept-encoding.ts'
import { copyOf } from './rules/wanted.ts'
import { AnswerSignal } from './sources/answer-signal.ts'
import type { Negotiation } from './sources/negotiation.ts'
import type { Opening, OwnContext } from './sources/opener.ts'
import type { OpenContext } from './sources/source.ts'

const NEVER = new AbortController().signal

/** What a source gets to know. */
interface Known {
  readonly signal: AnswerSignal
  readonly foresight: Foresight
}

/** What an opening depends on, besides its reply. */
export interface OpeningOptions extends Pick<Opening, 'attempt'> {
  readonly settings: Pick<Settings, 'acceptRanges' | 'etag' | 'headers' | 'lastModified' | 'maxRanges'>
}

/**
 * One opening for an answer. What `open` of a source gets is made when a source asks for it, since it is expensive and
 * most files need none. The reply is released then: a source that hangs may keep the opening in memory for ever.
 */
export class AnswerOpening implements Opening {
  readonly log: FastifyBaseLogger
  readonly attempt: Opening['attempt']
  readonly acceptRanges: Opening['acceptRanges']
  readonly usesTag: boolean
  readonly #settings: OpeningOptions['settings']
  #reply: FastifyReply | undefined
  #signal: AbortSignal | undefined
  /** Once the reply is released. */
  #taken: Known | undefined
  #codingRequest: CodingRequest | undefined
  #isNegotiated = false

  constructor(reply: FastifyReply, { attempt, settings }: OpeningOptions) {
    this.#reply = reply
    this.log = reply.log
    this.attempt = attempt
    this.acceptRanges = settings.acceptRanges
    this.usesTag = settings.etag !== false
    this.#settings = settings
  }

  /** Aborted when the response is over, if a source has asked for it. */
  get signal(): AbortSignal {
    return this.#signal ?? NEVER
  }

  /** Whether what was opened was chosen by the Accept-Encoding of the request. */
  get isNegotiated(): boolean {
    return this.#isNegotiated
  }

  negotiation(): Negotiation | undefined {
    const request = this.#reply === undefined ? this.#codingRequest : this.#codingRequestOf(this.#reply)
    const noteChoice = (): void => {
      this.#isNegotiated = true
    }
    return request && { request, noteChoice }
  }

  #codingRequestOf(reply: FastifyReply): CodingRequest | undefined {
    return isFormChosen(reply, this.#settings) ? undefined : codingRequestOf(reply.request)
  }

  context(): OpenContext {
    const { signal, foresight } = this.#known()
    this.#signal ??= signal.toAbortSignal()
    const { wanted, wantedOf } = foresight
    return { signal: this.#signal, wanted: copyOf(wanted), wantedOf }
  }

  ownContext(): OwnContext {
    const { signal, foresight } = this.#known()
    const { wanted, wantedOf } = foresight
    return { signal, wanted, wantedOf }
  }

  /** Takes from the reply all that is needed of it, and releases it. */
  #known(): Known {
    const reply = this.#reply
    if (reply === undefined) return this.#taken as Known
    this.#reply = undefined
    this.#codingRequest = this.#codingRequestOf(reply)
    const signal = new AnswerSignal()
    whenOver(reply, () => signal.abort())
    this.#taken = { signal, foresight: new Foresight(reply, this.#settings) }
    return this.#taken
  }
}
