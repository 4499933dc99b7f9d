// One question and what its answer leads to: a body that is taken, another question, or a failed attempt.
import { type Approach, isAboutCondition } from './approach.ts'
import { Beginning } from './beginning.ts'
import {
  connectionFailure,
  type Failure,
  isLastingHead,
  lieFailure,
  statusFailure,
  VersionChanged,
} from './failure.ts'
import { fetchSegment, type JudgedAnswer } from './fetch-segment.ts'
import type { ActiveLease } from './lease.ts'
import type { RangeTrust } from './range-trust.ts'
import type { Reception } from './reception.ts'
import type { Target } from './request-target.ts'
import type { Schedule } from './schedule.ts'
import type { TransferContext } from './transfer-context.ts'

/** What is asked with, and what an answer may change. */
export interface RequesterContext {
  readonly transfer: TransferContext
  readonly approach: Approach
  readonly schedule: Schedule
  readonly ranges: RangeTrust
  readonly reception: Reception
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
    const { settings, exchanger, store, outputName } = this.#context.transfer
    const { target, condition } = this.#context.approach
    const { signal } = lease.controller
    let judged: JudgedAnswer
    try {
      judged = await fetchSegment(exchanger, {
        target,
        range: lease.kind === 'whole' ? null : lease,
        identity: store.joinable,
        condition,
        contentType: store.version?.contentType ?? null,
        html: settings.html,
        outputName,
        beginning: this.#beginning,
        signal,
      })
    } catch (error) {
      if (signal.aborted) return null
      const failure = this.#context.ranges.explain(connectionFailure(error))
      if (isLastingHead(error) && !this.#context.schedule.isConfirmed) throw failure.error
      return failure
    }
    if (signal.aborted) {
      judged.answer.body.destroy()
      return null
    }
    return await this.#handle(lease, judged, target)
  }

  /** The answer to `lease`, asked for at `target`. */
  async #handle(lease: ActiveLease, judged: JudgedAnswer, target: Target): Promise<Failure | null> {
    const { approach, ranges, reception, schedule } = this.#context
    const { verdict, answer } = judged
    switch (verdict.kind) {
      case 'part':
        approach.follow(answer.target)
        return await reception.takePart(lease, judged, verdict)
      case 'whole':
        approach.follow(answer.target)
        return await reception.takeWhole(lease, judged, verdict)
      case 'changed':
        throw new VersionChanged(verdict.reason)
      case 'no-range':
        return ranges.lose(verdict.reason)
      case 'lie':
        // Where the file has come before, any lie may pass: a captive portal, a node that is not set up.
        return schedule.isConfirmed
          ? ranges.explain(lieFailure(verdict.reason))
          : this.#refused(lieFailure(verdict.reason), judged, target)
      case 'stand-in':
        // What is held of it would be taken for the file by a later run.
        await this.#context.transfer.store.forget()
        throw lieFailure(verdict.reason).error
      case 'refused':
      case 'trouble':
        return ranges.explain(statusFailure(answer, verdict.wait, verdict.kind === 'refused'))
      case 'http-error':
        return this.#refused(statusFailure(answer, null, true), judged, target)
    }
  }

  /** An answer that the same question would get again. @throws DownloadError */
  #refused(failure: Failure, judged: JudgedAnswer, target: Target): Failure | null {
    const { approach, ranges, schedule } = this.#context
    // A link that works once, or one connection at a time: another one has the file.
    if (schedule.isReceiving() && failure.isRefusal && !isAboutCondition(judged)) return failure
    const explained = ranges.explain(failure)
    switch (approach.concede(target, judged, schedule.isConfirmed)) {
      case 'redirect':
        return { ...failure, isStale: true }
      case 'condition':
        return null
      case 'range':
        ranges.startWhole(failure)
        return null
      case 'nothing':
        // A host that counts connections may still count one that has ended.
        if (failure.isRefusal && schedule.isLimited) return explained
        throw explained.error
    }
  }
}
