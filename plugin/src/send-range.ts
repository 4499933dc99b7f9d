import type { FastifyReply } from 'fastify'
import { AnswerOpening } from './answer-opening.ts'
import { isHeadSent } from './connection/head-sent.ts'
import { isOver } from './connection/response-lifetime.ts'
import { type ResponseTurn, turnOf } from './connection/response-turn.ts'
import { isChange } from './errors.ts'
import { noProgress, observe, type Progress } from './events.ts'
import { type Found, type FoundRepresentation, findRepresentation } from './find-representation.ts'
import type { Settings } from './options.ts'
import { ownProperties } from './own-properties.ts'
import { sendWithoutContent } from './response/contentless-answer.ts'
import { decideAnswer } from './response/decided-answer.ts'
import { wantsDigest, withReprDigest } from './response/digest-fields.ts'
import { fail } from './response/failed-answer.ts'
import { redirectToFolder } from './response/folder-redirect.ts'
import { isHandedOver, removeForeignHandOver } from './response/hand-over.ts'
import { acceptHandlerStatus } from './response/handler-status.ts'
import { headersFor } from './response/made-headers.ts'
import { refuse } from './response/refused-answer.ts'
import type { ReplyClaim } from './response/reply-claim.ts'
import { type ResponseContext, restoreFields } from './response/response-fields.ts'
import { type HandlerFields, selectedRepresentation } from './response/selected-representation.ts'
import { assertSendableFields } from './response/sendable-fields.ts'
import type { ContentDecision, Decision } from './rules/decision.ts'
import { type Content, sendContent } from './send-content.ts'
import { closeOnce } from './sources/close-once.ts'
import type { Opener, Opening } from './sources/opener.ts'
import { representationFields } from './sources/representation-fields.ts'

/** How often a representation is opened that changes before its first bytes are sent. */
const MAX_ATTEMPTS = 3

/** One call of `reply.sendRange`. */
export interface Call {
  readonly claim: ReplyClaim
  readonly path: string
  readonly settings: Settings
  readonly opener: Opener
}

/**
 * Answers one call, in these steps:
 *
 * 1. Wait for a turn on the connection, first to open and then to send: `response-turn`. Nothing is open during a wait. An
 *    answer that has to wait for its turn to send opens again.
 * 2. Open the representation: `find-representation`. `target-check` checks how the request spells the path, then the
 *    `opener` of the source opens it (`file-source`, `first-of`, or `foreign-source` for a source of the application). If
 *    nothing is found, the answer ends in `refused-answer`, and for a folder without its slash in `folder-redirect`.
 * 3. If the server in front is to send the file, the answer ends here, without content: `hand-over`.
 * 4. Select what conditions and ranges are about: `selected-representation`, by the representation and the fields of the
 *    handler.
 * 5. Decide: `decided-answer`, by `decision`, from `request-fields`. If a digest is wanted, `digest-fields` finds it.
 * 6. Without content, a 304, 412 or 416: `contentless-answer`.
 * 7. With content: `send-content` lays out the body (`multipart`), reads all of it (`buffered-body`) or its first bytes
 *    (`read-ahead`), sets status and fields (`content-fields`), and sends it from memory or as a stream (`answer-body`).
 *
 * If the representation is found changed before step 7 sends, the steps begin again, until it has changed three times. A
 * failure of any step goes to Fastify's error handling: `failed-answer`. The representation is closed in every case.
 */
export async function sendRange(reply: FastifyReply, call: Call): Promise<void> {
  const progress = noProgress(call.path)
  try {
    observe(reply, progress, call.settings.onEnd)
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

// Objects of an answer are written out, here and below: a spread makes a slow object, and takes longer.

/** Nothing is open while an answer waits for its turn. After the wait it opens again, and decides again. */
async function answerInTurn(reply: FastifyReply, call: Call, { progress, turn }: Answering): Promise<void> {
  for (let changes = 0; changes < MAX_ATTEMPTS; ) {
    await turn.toOpen()
    try {
      call.claim.assertHeld()
      if (isOver(reply)) return
      assertSendableFields(reply)
      const attempt = changes === 0 ? 'first' : 'again'
      const outcome = await answer(reply, call, { progress, turn, attempt })
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

/** Answers, unless there is a body and it is not its turn. Throws only while nothing has been sent. */
async function answer(
  reply: FastifyReply,
  call: Call,
  { attempt, progress, turn }: Attempt,
): Promise<'answered' | 'not its turn'> {
  const { settings, opener } = call
  acceptHandlerStatus(reply)
  const opening = new AnswerOpening(reply, { attempt, settings })
  const found = await findRepresentation(reply, { path: call.path, settings, opener, opening })
  if (found.kind !== 'representation') {
    if (settings.handOver !== false) removeForeignHandOver(reply)
    answerWithout(reply, call, found)
    return 'answered'
  }
  const { representation } = found
  const close = closeOnce(() => representation.close(), reply.log)
  try {
    return await answerFound(reply, call, { progress, turn, found, close, opening })
  } catch (error) {
    close()
    throw error
  }
}

interface FoundAnswering extends Answering, Pick<Content, 'close'> {
  readonly found: FoundRepresentation
  readonly opening: AnswerOpening
}

/** Answers with what is open. If that fails, the reply is as the handler has left it. */
async function answerFound(
  reply: FastifyReply,
  call: Call,
  { progress, turn, found, close, opening }: FoundAnswering,
): Promise<'answered' | 'not its turn'> {
  const { claim, settings } = call
  if (settings.handOver !== false) removeForeignHandOver(reply)
  const handlerFields = ownProperties(reply.getHeaders())
  const { statusCode } = reply
  try {
    acceptHandlerStatus(reply)
    const { path, representation } = found
    const { isNegotiated } = opening
    const context = describe(call, { path, representation, isNegotiated }, handlerFields)
    return await answerWith(reply, call, { progress, turn, context, close, opening })
  } catch (error) {
    if (claim.isLost || isHeadSent(reply.raw)) throw error
    // The next version must not be sent with the status and the validators of this one.
    restoreFields(reply, handlerFields)
    reply.code(statusCode)
    throw error
  }
}

interface Opened extends Answering, Pick<Content, 'context' | 'close'> {
  readonly opening: AnswerOpening
}

/** Decides on what is open, and answers. */
async function answerWith(
  reply: FastifyReply,
  { claim, settings }: Call,
  { context: described, close, opening, progress, turn }: Opened,
): Promise<'answered' | 'not its turn'> {
  if (settings.handOver !== false) {
    const isDone = await isHandedOver(reply, { claim, context: described, settings, close })
    if (isDone) return 'answered'
  }
  const { context: decided, decision } = decideAnswer(reply, described, settings.maxRanges)
  const context = wantsDigest(reply.request, settings)
    ? await withReprDigest(reply.request, decided, settings)
    : decided
  if (!isContent(decision)) {
    close()
    claim.assertHeld()
    sendWithoutContent(reply, { claim, context, decision })
  } else if (hasBody(reply, context) && !turn.tryToSend()) {
    close()
    return 'not its turn'
  } else {
    const { signal } = opening
    // What is open becomes the body, which has a turn of its own. A source may take long for the first bytes.
    turn.endOpening()
    await sendContent(reply, { claim, context, decision, settings, close, progress, signal })
  }
  return 'answered'
}

function describe(
  { settings, opener }: Call,
  opened: Pick<ResponseContext, 'path' | 'representation' | 'isNegotiated'>,
  handlerFields: HandlerFields,
): ResponseContext {
  const { path, representation, isNegotiated } = opened
  const selected = selectedRepresentation({ representation, dates: opener.dates }, settings, handlerFields)
  const sourceFields = representationFields(representation)
  const headers = headersFor(settings.headers, opened)
  return {
    path,
    representation,
    isNegotiated,
    selected,
    sourceFields,
    settings,
    headers,
    handlerFields,
    reprDigest: undefined,
  }
}

/** Answers for a path that leads to nothing that is open. */
function answerWithout(
  reply: FastifyReply,
  { claim, path, settings }: Call,
  found: Exclude<Found, FoundRepresentation>,
): void {
  if (found.kind === 'redirect') redirectToFolder(reply, claim, found.location)
  else refuse(reply, { claim, path, refusal: found.refusal, onNotFound: settings.onNotFound })
}

function isContent(decision: Decision): decision is ContentDecision {
  return decision.kind === 'full' || decision.kind === 'partial' || decision.kind === 'multipart'
}

function hasBody(reply: FastifyReply, { selected }: ResponseContext): boolean {
  return reply.request.method !== 'HEAD' && selected.size > 0
}
