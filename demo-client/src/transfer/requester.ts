// One request and what its answer leads to: a body that is received, another request, or a failed attempt.
import type { Target } from '../http/target.ts'
import type { Assignment } from '../schedule/assignment.ts'
import {
  connectionFailure,
  type Failure,
  invalidAnswerFailure,
  statusFailure,
  VersionChanged,
} from '../schedule/attempt-failure.ts'
import type { RangeSupport } from '../schedule/range-support.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { AcceptedAnswers } from './accepted-answers.ts'
import { fetchSegment, type JudgedAnswer } from './fetch-segment.ts'
import { FirstBytes } from './first-bytes.ts'
import { isAboutCondition, type RefusedRequest, type ServerAccess } from './server-access.ts'
import type { TransferContext } from './transfer-context.ts'

/** What a request depends on, and what its answer may change. */
export interface RequesterContext {
  readonly transfer: TransferContext
  readonly server: ServerAccess
  readonly schedule: Schedule
  readonly ranges: RangeSupport
  readonly accepted: AcceptedAnswers
}

/** Sends the request of an assignment, and does what the verdict on the answer says. */
export class Requester {
  readonly #context: RequesterContext
  readonly #firstBytes: FirstBytes

  constructor(context: RequesterContext) {
    this.#context = context
    this.#firstBytes = new FirstBytes(context.transfer.settings.stallTimeout)
  }

  /**
   * Sends the request of `assignment` and receives the answer. Returns why the attempt has failed, or null.
   * @throws VersionChanged
   * @throws DownloadError
   */
  async request(assignment: Assignment): Promise<Failure | null> {
    const { settings, client, store, outputName, trust } = this.#context.transfer
    const { target, condition } = this.#context.server
    let judged: JudgedAnswer
    try {
      judged = await fetchSegment(client, {
        target,
        range: assignment.kind === 'whole' ? null : assignment,
        validators: store.joinable,
        checksum: settings.checksum,
        trust,
        condition,
        contentType: store.version?.contentType ?? null,
        html: settings.html,
        outputName,
        firstBytes: this.#firstBytes,
        signal: assignment.signal,
      })
    } catch (error) {
      if (assignment.abortReason !== null) return null
      const failure = connectionFailure(error)
      if (failure.prospect !== 'lasting') return this.#context.ranges.explain(failure)
      const hasRange = assignment.kind !== 'whole'
      return this.#refused(assignment, failure, { target, hasRange, isConditional: false, answer: null })
    }
    if (assignment.abortReason !== null) {
      judged.answer.discard()
      return null
    }
    return await this.#handle(assignment, judged, target)
  }

  /** Handles the answer to a request that was sent to `target`. */
  async #handle(assignment: Assignment, judged: JudgedAnswer, target: Target): Promise<Failure | null> {
    const { server, ranges, accepted, schedule } = this.#context
    const { verdict, answer, range, isConditional } = judged
    const refused: RefusedRequest = { target, hasRange: range !== null, isConditional, answer }
    switch (verdict.kind) {
      case 'part':
        server.goTo(answer.target)
        return await accepted.receivePart(assignment, judged, verdict)
      case 'whole':
        server.goTo(answer.target)
        return await accepted.receiveWhole(assignment, judged, verdict)
      case 'changed':
        if (verdict.isProven || !schedule.isOtherReceiving(assignment))
          throw new VersionChanged(verdict.reason)
        return invalidAnswerFailure(`answered with what may be another file: ${verdict.reason}`)
      case 'no-range':
        return ranges.uselessAnswer(assignment, verdict.reason)
      case 'invalid':
        return this.#refused(assignment, invalidAnswerFailure(verdict.reason), refused)
      case 'stand-in':
        // A later run would take the stored bytes for the beginning of the file.
        await this.#context.transfer.store.forget()
        throw invalidAnswerFailure(verdict.reason).error
      case 'refused':
      case 'temporary':
        return ranges.explain(
          statusFailure(answer, {
            isRefusal: verdict.kind === 'refused',
            prospect: 'passing',
            retryAfterMs: verdict.wait,
          }),
        )
      case 'http-error': {
        const failure = statusFailure(answer, { isRefusal: true, prospect: 'final', retryAfterMs: null })
        return this.#refused(assignment, failure, refused)
      }
    }
  }

  /** Handles an answer that the same request would get again. */
  #refused(assignment: Assignment, failure: Failure, refused: RefusedRequest): Failure | null {
    const { server, ranges, schedule } = this.#context
    // The link may work only once, or for one connection at a time: another connection receives the file.
    if (schedule.isOtherReceiving(assignment) && !isAboutCondition(refused)) return failure
    const explained = ranges.explain(failure)
    switch (server.afterRefusal(refused, schedule.isConfirmed)) {
      case 'redirect':
        return { ...failure, prospect: 'passing', isExpiredRedirect: true }
      case 'condition':
        return null
      case 'range':
        // Goes straight to the end of the redirects, because a link that works only once must not be used up again.
        if (refused.answer?.misdirection === null) server.goTo(refused.answer.target)
        ranges.stopUsingRanges(failure)
        return null
      case 'nothing':
        // A host that counts connections may still count one that has ended.
        return failure.isRefusal && schedule.isLimited ? { ...explained, prospect: 'passing' } : explained
    }
  }
}
