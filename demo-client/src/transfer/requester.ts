// One question and what its answer leads to: a body that is taken, another question, or a failed attempt.
import type { Target } from '../http/target.ts'
import {
  connectionFailure,
  type Failure,
  lieFailure,
  statusFailure,
  VersionChanged,
} from '../schedule/attempt-failure.ts'
import type { ActiveLease } from '../schedule/lease.ts'
import type { RangeTrust } from '../schedule/range-trust.ts'
import type { Schedule } from '../schedule/schedule.ts'
import type { AcceptedAnswers } from './accepted-answers.ts'
import { type Approach, isAboutCondition, type Refused } from './approach.ts'
import { Beginning } from './beginning.ts'
import { fetchSegment, type JudgedAnswer } from './fetch-segment.ts'
import type { TransferContext } from './transfer-context.ts'

/** What is asked with, and what an answer may change. */
export interface RequesterContext {
  readonly transfer: TransferContext
  readonly approach: Approach
  readonly schedule: Schedule
  readonly ranges: RangeTrust
  readonly accepted: AcceptedAnswers
}

/** Asks for what is lent, and does what the verdict on the answer says. */
export class Requester {
  readonly #context: RequesterContext
  readonly #beginning: Beginning

  constructor(context: RequesterContext) {
    this.#context = context
    this.#beginning = new Beginning(context.transfer.settings.stallTimeout)
  }

  /**
   * Asks for `lease` and takes the answer. Returns the failure that it ended with, or null.
   * @throws VersionChanged
   * @throws DownloadError
   */
  async request(lease: ActiveLease): Promise<Failure | null> {
    const { settings, client, store, outputName } = this.#context.transfer
    const { target, condition } = this.#context.approach
    const { signal } = lease.controller
    let judged: JudgedAnswer
    try {
      judged = await fetchSegment(client, {
        target,
        range: lease.kind === 'whole' ? null : lease,
        validators: store.joinable,
        condition,
        contentType: store.version?.contentType ?? null,
        html: settings.html,
        outputName,
        beginning: this.#beginning,
        signal,
      })
    } catch (error) {
      if (signal.aborted) return null
      const failure = connectionFailure(error)
      if (failure.prospect !== 'lasting') return this.#context.ranges.explain(failure)
      const hasRange = lease.kind !== 'whole'
      return this.#refused(lease, failure, { asked: target, hasRange, isConditional: false, answer: null })
    }
    if (signal.aborted) {
      judged.answer.discard()
      return null
    }
    return await this.#handle(lease, judged, target)
  }

  /** The answer to `lease`, asked for at `target`. */
  async #handle(lease: ActiveLease, judged: JudgedAnswer, target: Target): Promise<Failure | null> {
    const { approach, ranges, accepted, schedule } = this.#context
    const { verdict, answer, range, isConditional } = judged
    const refused: Refused = { asked: target, hasRange: range !== null, isConditional, answer }
    switch (verdict.kind) {
      case 'part':
        approach.follow(answer.target)
        return await accepted.takePart(lease, judged, verdict)
      case 'whole':
        approach.follow(answer.target)
        return await accepted.takeWhole(lease, judged, verdict)
      case 'changed':
        if (verdict.isProven || !schedule.isReceivingBeside(lease)) throw new VersionChanged(verdict.reason)
        return lieFailure(`answered with what may be another file: ${verdict.reason}`)
      case 'no-range':
        return ranges.lose(lease, verdict.reason)
      case 'lie':
        return this.#refused(lease, lieFailure(verdict.reason), refused)
      case 'stand-in':
        // What is held of it would be taken for the file by a later run.
        await this.#context.transfer.store.forget()
        throw lieFailure(verdict.reason).error
      case 'refused':
      case 'trouble':
        return ranges.explain(
          statusFailure(answer, {
            isRefusal: verdict.kind === 'refused',
            prospect: 'passing',
            wait: verdict.wait,
          }),
        )
      case 'http-error': {
        const failure = statusFailure(answer, { isRefusal: true, prospect: 'final', wait: null })
        return this.#refused(lease, failure, refused)
      }
    }
  }

  /** An answer that the same question would get again. */
  #refused(lease: ActiveLease, failure: Failure, refused: Refused): Failure | null {
    const { approach, ranges, schedule } = this.#context
    // A link that works once, or one connection at a time: another one has the file.
    if (schedule.isReceivingBeside(lease) && !isAboutCondition(refused)) return failure
    const explained = ranges.explain(failure)
    switch (approach.concede(refused, schedule.isConfirmed)) {
      case 'redirect':
        return { ...failure, prospect: 'passing', isStale: true }
      case 'condition':
        return null
      case 'range':
        // Where redirects have led: a link that works once is not spent by asking there again.
        if (refused.answer?.misdirection === null) approach.follow(refused.answer.target)
        ranges.startWhole(failure)
        return null
      case 'nothing':
        // A host that counts connections may still count one that has ended.
        return failure.isRefusal && schedule.isLimited ? { ...explained, prospect: 'passing' } : explained
    }
  }
}
