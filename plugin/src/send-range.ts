import type { FastifyBaseLogger, FastifyReply } from 'fastify'
import { isHeadSent } from './connection/head-sent.ts'
import { isOver, whenOver } from './connection/response-lifetime.ts'
import { type ResponseTurn, turnOf } from './connection/response-turn.ts'
import { SendRangeError } from './errors.ts'
import { isObserved, noProgress, observe, type Progress } from './events.ts'
import type { Settings } from './options.ts'
import { ownProperties } from './own-properties.ts'
import { isServedTarget } from './request/target-check.ts'
import { sendWithoutContent } from './response/contentless-answer.ts'
import { decideAnswer, wantedFor } from './response/decided-answer.ts'
import { fail } from './response/failed-answer.ts'
import { acceptHandlerStatus } from './response/handler-status.ts'
import { refuse } from './response/refused-answer.ts'
import type { ReplyClaim } from './response/reply-claim.ts'
import { type ResponseContext, restoreFields } from './response/response-fields.ts'
import { selectedRepresentation } from './response/selected-representation.ts'
import { assertSendableFields } from './response/sendable-fields.ts'
import type { ContentDecision, Decision } from './rules/decision.ts'
import { isRefusal, type Refusal } from './rules/refusal.ts'
import type { Wanted } from './rules/wanted.ts'
import { sendContent } from './send-content.ts'
import { closeOnce } from './sources/close-once.ts'
import { giveUp } from './sources/given-up.ts'
import type { Opener, Opening } from './sources/opener.ts'
import { representationFields } from './sources/representation-fields.ts'
import type { OpenContext, Representation } from './sources/source.ts'

/** How often a representation is opened that changes while it is read for a Buffer. */
const MAX_ATTEMPTS = 3

const NEVER = new AbortController().signal

/** One call of `reply.sendRange`. */
export interface Call {
  readonly claim: ReplyClaim
  readonly path: string
  readonly settings: Settings
  readonly opener: Opener
  /** Whether a hook of the application receives the payload, and may keep it. */
  readonly hasSendHooks: boolean
}

/**
 * Answers one call, in these steps:
 *
 * 1. Wait for a turn on the connection, first to open and then to send: `response-turn`. Nothing is open during a wait. An
 *    answer that has to wait for its turn to send opens again.
 * 2. Open the representation: `target-check` checks how the request spells the path, then the `opener` of the source opens
 *    it (`file-source`, `first-of`, or `foreign-source` for a source of the application). If there is none, the answer
 *    ends in `refused-answer`.
 * 3. Select what conditions and ranges are about: `selected-representation`, by the representation and the fields of the
 *    handler.
 * 4. Decide: `decided-answer`, by `decision`, from `request-fields`.
 * 5. Without content, a 304, 412 or 416: `contentless-answer`.
 * 6. With content: `send-content` lays out the body (`multipart`), sets status and fields (`content-fields`), and sends it
 *    from memory (`buffered-body`) or as a stream (`answer-body`).
 *
 * A failure of any step goes to Fastify's error handling: `failed-answer`. The representation is closed in every case.
 */
export async function sendRange(reply: FastifyReply, call: Call): Promise<void> {
  const progress = noProgress(call.path)
  if (isObserved(reply)) observe(reply, progress)
  try {
    await answerInTurn(reply, call, { progress, turn: turnOf(reply) })
  } catch (error) {
    fail(reply, call.claim, error)
  }
}

interface Answering {
  readonly progress: Progress
  readonly turn: ResponseTurn
}

interface Attempt extends Answering, Pick<Opening, 'attempt'> {}

/** Nothing is open while an answer waits for its turn. After the wait it opens again, and decides again. */
async function answerInTurn(reply: FastifyReply, call: Call, answering: Answering): Promise<void> {
  const { turn } = answering
  for (let changes = 0; changes < MAX_ATTEMPTS; ) {
    await turn.toOpen()
    try {
      call.claim.assertHeld()
      if (isOver(reply)) return
      assertSendableFields(reply)
      const outcome = await answer(reply, call, { ...answering, attempt: changes === 0 ? 'first' : 'again' })
      if (outcome === 'answered') return
    } catch (error) {
      if (!isChange(error) || ++changes === MAX_ATTEMPTS) throw error
      continue
    } finally {
      turn.endOpening()
    }
    await turn.toSend()
  }
}

/** Whether opening again may help. */
function isChange(error: unknown): boolean {
  return error instanceof SendRangeError && error.code === 'ERR_RANGE_CHANGED'
}

/** Answers, unless there is a body and it is not its turn. Throws only while nothing has been sent. */
async function answer(
  reply: FastifyReply,
  call: Call,
  answering: Attempt,
): Promise<'answered' | 'not its turn'> {
  const { claim, path, settings, opener, hasSendHooks } = call
  const { progress, turn, attempt } = answering
  acceptHandlerStatus(reply)
  const opening = new AnswerOpening(reply, { attempt, settings })
  const representation = await open(reply, call, opening)
  if (isRefusal(representation)) {
    refuse(reply, { claim, path, refusal: representation })
    return 'answered'
  }
  const close = closeOnce(() => representation.close(), reply.log)
  const handlerFields = ownProperties(reply.getHeaders())
  const { statusCode } = reply
  try {
    acceptHandlerStatus(reply)
    const selected = selectedRepresentation({ representation, dates: opener.dates }, settings, handlerFields)
    const sourceFields = representationFields(representation)
    const described = { path, representation, selected, sourceFields, settings, handlerFields }
    const { context, decision } = decideAnswer(reply, described, settings.maxRanges)
    if (!isContent(decision)) {
      await close()
      claim.assertHeld()
      sendWithoutContent(reply, { claim, context, decision })
    } else if (hasBody(reply, context) && !turn.tryToSend()) {
      await close()
      return 'not its turn'
    } else {
      const { signal } = opening
      await sendContent(reply, { claim, context, decision, settings, close, progress, hasSendHooks, signal })
    }
    return 'answered'
  } catch (error) {
    await close()
    if (claim.isLost || isHeadSent(reply.raw)) throw error
    // The next version must not be sent with the status and the validators of this one.
    restoreFields(reply, handlerFields)
    reply.code(statusCode)
    throw error
  }
}

async function open(
  reply: FastifyReply,
  { path, settings, opener }: Call,
  opening: Opening,
): Promise<Representation | Refusal> {
  if (!isServedTarget(reply.request, path, settings)) return 'second-spelling'
  return opener.open(path, opening)
}

interface OpeningOptions extends Pick<Opening, 'attempt'>, Pick<Call, 'settings'> {}

/**
 * One opening for an answer. What `open` of a source gets is made when a source asks for it, since it is expensive and
 * most files need none. The reply is released then: a source that hangs may keep the opening in memory for ever.
 */
class AnswerOpening implements Opening {
  readonly log: FastifyBaseLogger
  readonly attempt: Opening['attempt']
  readonly acceptRanges: Opening['acceptRanges']
  readonly usesTag: boolean
  readonly #maxRanges: number
  #reply: FastifyReply | undefined
  #signal = NEVER
  #wanted: Wanted | undefined

  constructor(reply: FastifyReply, { attempt, settings }: OpeningOptions) {
    this.#reply = reply
    this.log = reply.log
    this.attempt = attempt
    this.acceptRanges = settings.acceptRanges
    this.usesTag = settings.etag !== false
    this.#maxRanges = settings.maxRanges
  }

  /** Aborted when the response is over, if a source has asked for it. */
  get signal(): AbortSignal {
    return this.#signal
  }

  context(): OpenContext {
    if (this.#reply !== undefined) {
      this.#signal = signalOf(this.#reply)
      this.#wanted = wantedFor(this.#reply, { acceptRanges: this.acceptRanges, maxRanges: this.#maxRanges })
    }
    this.#reply = undefined
    return { signal: this.#signal, wanted: this.#wanted && { ...this.#wanted } }
  }
}

function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  whenOver(reply, () => giveUp(controller))
  return controller.signal
}

function isContent(decision: Decision): decision is ContentDecision {
  return decision.kind === 'full' || decision.kind === 'partial' || decision.kind === 'multipart'
}

function hasBody(reply: FastifyReply, { selected }: ResponseContext): boolean {
  return reply.request.method !== 'HEAD' && selected.size > 0
}
