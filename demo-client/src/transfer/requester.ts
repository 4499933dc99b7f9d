// One request and what its answer leads to: a body that is received, another request, or a failed attempt.
import type { Target } from '../http/target.ts'
import { isJoinable, type Validators } from '../rules/validators.ts'
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
import type { SentAnswer } from './accepted-answers-context.ts'
import { fetchSegment, type JudgedAnswer } from './fetch-segment.ts'
import type { Server } from './server.ts'
import { isAboutCondition, type RefusedRequest } from './server-access.ts'
import type { Servers } from './servers.ts'
import type { TransferContext } from './transfer-context.ts'

/** What a request depends on, and what its answer may change. */
export interface RequesterContext {
  readonly transfer: TransferContext
  readonly servers: Servers
  readonly schedule: Schedule
  readonly ranges: RangeSupport
  readonly accepted: AcceptedAnswers
}

/** Sends the request of an assignment, and does what the verdict on the answer says. */
export class Requester {
  readonly #context: RequesterContext

  constructor(context: RequesterContext) {
    this.#context = context
  }

  /**
   * Sends the request of `assignment` to `server` and receives the answer. Returns why the attempt has failed, or null.
   * @throws VersionChanged
   * @throws DownloadError
   */
  async request(assignment: Assignment, server: Server): Promise<Failure | null> {
    const { settings, client, store, outputName, trust } = this.#context.transfer
    const { target, condition } = server.access
    let judged: JudgedAnswer
    try {
      judged = await fetchSegment(client, {
        target,
        range: assignment.kind === 'whole' ? null : assignment,
        validators: this.#validatorsOf(server, assignment),
        shortened: server.shortened,
        checksum: settings.checksum,
        trust,
        condition,
        contentType: store.version?.contentType ?? null,
        html: settings.html,
        outputName,
        firstBytes: server.firstBytes,
        signal: assignment.signal,
      })
    } catch (error) {
      if (assignment.abortReason !== null) return null
      const failure = connectionFailure(error)
      if (failure.prospect !== 'lasting') return this.#context.ranges.explain(failure)
      const hasRange = assignment.kind !== 'whole'
      const refused = { server, target, hasRange, isConditional: false, answer: null }
      return this.#refused(assignment, failure, refused)
    }
    if (assignment.abortReason !== null) {
      judged.answer.discard()
      return null
    }
    return await this.#handle(assignment, { ...judged, server }, target)
  }

  /** Those that an answer of this server must have. What its own answers said counts for no other server. */
  #validatorsOf(server: Server, { kind }: Assignment): Validators | null {
    const { servers, transfer } = this.#context
    const { store, settings, trust } = transfer
    if (!servers.areSeveral || trust === 'verify') return store.joinable
    // Nodes of one server may each have tags of their own. Where nothing is joined, any answer will do, as without mirrors.
    const isAlone = kind === 'whole' && store.joinable === null && !servers.hasOther(server)
    if (isAlone && (server === servers.first || settings.checksum !== null)) return null
    return server.validators !== null && isJoinable(server.validators) ? server.validators : null
  }

  /** Handles the answer to a request that was sent to `target`. */
  async #handle(assignment: Assignment, judged: SentAnswer, target: Target): Promise<Failure | null> {
    const { servers, ranges, accepted, schedule } = this.#context
    const { server, verdict, answer, range, isConditional } = judged
    const refused = { server, target, hasRange: range !== null, isConditional, answer }
    server.noteHead(answer)
    switch (verdict.kind) {
      case 'part':
        server.access.goTo(answer.target)
        return await accepted.receivePart(assignment, judged, verdict)
      case 'whole':
        server.access.goTo(answer.target)
        return await accepted.receiveWhole(assignment, judged, verdict)
      case 'changed':
        if (servers.hasOther(server)) throw new VersionChanged(verdict.reason)
        if (verdict.isProven || !schedule.isOtherReceiving(assignment))
          throw new VersionChanged(verdict.reason)
        return invalidAnswerFailure(`answered with what may be another file: ${verdict.reason}`)
      case 'no-range':
        if (servers.hasOther(server)) return { ...invalidAnswerFailure(verdict.reason), prospect: 'final' }
        return ranges.uselessAnswer(assignment, verdict.reason)
      case 'invalid':
        return this.#refused(assignment, invalidAnswerFailure(verdict.reason), refused)
      case 'stand-in':
        // A later run would take the stored bytes for the beginning of the file.
        await this.#context.transfer.store.forget()
        throw servers.withoutServer(server, invalidAnswerFailure(verdict.reason))
      case 'refused':
      case 'temporary': {
        const isRefusal = verdict.kind === 'refused'
        const next = { isRefusal, prospect: 'passing', retryAfterMs: verdict.wait } as const
        return ranges.explain(statusFailure(answer, next))
      }
      case 'http-error': {
        const failure = statusFailure(answer, { isRefusal: true, prospect: 'final', retryAfterMs: null })
        return this.#refused(assignment, failure, refused)
      }
    }
  }

  /** Handles an answer that the same request would get again. */
  #refused(
    assignment: Assignment,
    failure: Failure,
    { server, ...refused }: RefusedRequest & { readonly server: Server },
  ): Failure | null {
    const { servers, ranges, schedule } = this.#context
    const hasOther = servers.hasOther(server)
    // The link may work only once, or for one connection at a time: another connection receives the file.
    if (schedule.isOtherReceiving(assignment) && !hasOther && !isAboutCondition(refused)) return failure
    const explained = ranges.explain(failure)
    switch (server.access.afterRefusal(refused, schedule.isConfirmed || hasOther)) {
      case 'redirect':
        return { ...failure, prospect: 'passing', isExpiredRedirect: true }
      case 'condition':
        return null
      case 'range':
        // Goes straight to the end of the redirects, because a link that works only once must not be used up again.
        if (refused.answer?.misdirection === null) server.access.goTo(refused.answer.target)
        ranges.stopUsingRanges(failure)
        return null
      case 'nothing':
        // A host that counts connections may still count one that has ended.
        return failure.isRefusal && schedule.isLimited ? { ...explained, prospect: 'passing' } : explained
    }
  }
}
