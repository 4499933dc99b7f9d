// What the connections bring: bodies of accepted answers, into the store, of one version only.
import type { Store } from '../disk/store.ts'
import type { Answer, BodyDelimiter } from '../http/answer.ts'
import { strongest } from '../rules/digest.ts'
import { single } from '../rules/field-lines.ts'
import { isJoinable, type Validators } from '../rules/validators.ts'
import type { Verdict } from '../rules/verdict.ts'
import { cutFailure, digestFailure, type Failure, VersionChanged } from '../schedule/attempt-failure.ts'
import type { ActiveLease } from '../schedule/lease.ts'
import type { RangeTrust } from '../schedule/range-trust.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { gaps, type Interval } from '../state/blocks.ts'
import type { Approach } from './approach.ts'
import { contentTypeOf, type JudgedAnswer } from './fetch-segment.ts'
import { LateDigests } from './late-digests.ts'
import { PartProof } from './part-proof.ts'
import type { SegmentReport } from './segment-report.ts'
import { type StoreBodyContext, type StoredEnding, storePart, storeWhole } from './store-body.ts'

/** Where the bodies go, and who is told. */
export interface AcceptedAnswersContext {
  readonly store: Store
  readonly schedule: Schedule
  readonly approach: Approach
  readonly ranges: RangeTrust
  /** In ms. */
  readonly stallTimeout: number
  /** See {@link StoreBodyContext.isPaced}. */
  readonly isPaced: boolean
  /** Called before the first byte is taken, of a version begun or resumed; may refuse it by throwing. */
  readonly onVersion: (validators: Validators, answer: Answer) => Promise<void>
  /** A part is on its way: further connections can be of use. */
  readonly onPart: () => void
  /** Told of every byte that counts; returns what the connection has to wait for, if anything. */
  readonly onBytes: (bytes: number) => Promise<void> | null
  readonly onSegment: (report: SegmentReport) => void
  readonly onSegmentDone: (lease: ActiveLease) => void
}

/** Segments of a server that sends Content-Digest are no larger: each counts only as a whole. */
const DIGESTED_SEGMENT = 8 * 1024 * 1024
/** Parts in all that do not have their Content-Digest, before giving up. */
const DIGEST_FAILURES = 3

/** Takes accepted answers. Each method returns the failure that it ended with, or null. */
export class AcceptedAnswers {
  readonly #context: AcceptedAnswersContext
  readonly #schedule: Schedule
  readonly #bodies: StoreBodyContext
  #end: BodyDelimiter = 'announced'
  readonly #digests = new LateDigests()
  #useful = 0
  #digestFailures = 0

  constructor(context: AcceptedAnswersContext) {
    const { store, stallTimeout, isPaced, schedule, onBytes } = context
    this.#context = context
    this.#schedule = schedule
    const count = (bytes: number): Promise<void> | null => {
      this.#useful += bytes
      return onBytes(bytes)
    }
    this.#bodies = { store, stallTimeout, isPaced, onBytes: count }
  }

  /** What said where the file ends. */
  get end(): BodyDelimiter {
    return this.#end
  }

  /** Digests of the whole file that came behind bodies, by algorithm in base64. */
  get digests(): Readonly<Record<string, string>> {
    return this.#digests.all
  }

  /** Bytes taken that bring the file nearer to its end. */
  get useful(): number {
    return this.#useful
  }

  /** Takes the body of a 206 into the store. */
  async takePart(
    lease: ActiveLease,
    judged: JudgedAnswer,
    part: Extract<Verdict, { kind: 'part' }>,
  ): Promise<Failure | null> {
    const { answer } = judged
    const { store } = this.#context
    const isAll = part.start === 0 && part.end === part.validators.total
    if (store.joinable === null && !isAll && !isJoinable(part.validators)) {
      answer.discard()
      this.#schedule.startWhole() // a second answer could not be proven to be of the same version
      return null
    }
    await this.#accept(part.validators, answer)
    if (lease.kind === 'probe') {
      answer.discard()
      return null
    }
    const proof = isAll ? null : new PartProof(answer, strongest(part.digests)) // of the whole it is verified at the end
    const isDigested = proof?.isExpected === true
    const isFirstDigest = isDigested && this.#schedule.limitSegments(DIGESTED_SEGMENT)
    if (
      !this.#schedule.confirm(lease, part.end) ||
      (isFirstDigest && part.end - part.start > DIGESTED_SEGMENT)
    ) {
      answer.discard()
      return null
    }
    if (store.joinable !== null) this.#context.onPart()
    const ending = await storePart(this.#bodies, lease, { answer, part, proof })
    // Without the rest nothing of it was proven, and nothing kept.
    if (isDigested && ending.kind !== 'complete') this.#useful -= lease.forfeit()
    this.#report(lease, judged)
    if (ending.kind === 'digest-mismatch' && !isDigested) {
      // Nothing had announced a digest, and some of the bytes are in the journal.
      await store.forget()
      throw digestFailure('final').error
    }
    if (ending.kind === 'complete') this.#digests.learn(answer, isAll)
    return this.#settle(lease, ending)
  }

  /** Takes the body of a 200 into the store, of which only what is missing is written. */
  async takeWhole(
    lease: ActiveLease,
    judged: JudgedAnswer,
    whole: Extract<Verdict, { kind: 'whole' }>,
  ): Promise<Failure | null> {
    const { answer } = judged
    const held = this.#context.store.joinable
    if (held !== null && judged.isConditional && this.#context.approach.condition === 'if-range') {
      // Some servers answer any If-Range with the whole file; this one is of the version held.
      answer.discard()
      this.#context.approach.leaveOutCondition()
      return null
    }
    if (this.#schedule.isReceivingBeside(lease)) {
      answer.discard()
      return this.#context.ranges.lose(lease, 'answered a range with the whole file')
    }
    await this.#schedule.becomeOnlyOne(lease)
    await this.#accept(whole.validators, answer)
    const total = held?.total ?? whole.length
    const missing: readonly Interval[] =
      total === null ? [{ start: 0, end: Number.POSITIVE_INFINITY }] : gaps(this.#context.store.blocks, total)
    this.#schedule.confirmWhole(lease, total)
    const ending = await storeWhole(this.#bodies, lease, { answer, missing, total })
    this.#report(lease, judged)
    if (ending.kind === 'too-much') throw new VersionChanged(`it is longer than ${total} bytes`)
    if (ending.kind === 'complete') this.#digests.learn(answer, true)
    if (ending.kind === 'complete' && total === null) {
      this.#schedule.learnTotal(lease.position)
      this.#end = answer.delimiter
    }
    // What cannot be continued is no progress.
    if (ending.kind === 'cut' && this.#context.store.joinable === null) this.#useful -= lease.forfeit()
    return this.#settle(lease, ending)
  }

  /** Begins the version that an answer is of, or goes on with the one that is held. */
  async #accept(validators: Validators, answer: Answer): Promise<void> {
    const { store, onVersion } = this.#context
    const isNew = store.joinable === null
    if (isNew || !this.#schedule.isConfirmed) await onVersion(validators, answer)
    if (isNew) {
      await store.begin({ validators, contentType: contentTypeOf(answer) })
      this.#schedule.learnTotal(validators.total)
    }
    this.#schedule.confirmVersion()
  }

  #settle(lease: ActiveLease, ending: StoredEnding): Failure | null {
    if (ending.kind === 'complete' || ending.kind === 'enough') {
      this.#context.onSegmentDone(lease)
      return null
    }
    if (lease.controller.signal.aborted) return null
    if (ending.kind === 'too-much')
      return this.#context.ranges.lose(lease, 'sent more bytes than it announced')
    if (ending.kind === 'short')
      return cutFailure({
        reason: 'the answer ended before its announced end',
        cause: null,
        isMalformed: false,
      })
    if (ending.kind === 'cut') return cutFailure(ending)
    return digestFailure(++this.#digestFailures >= DIGEST_FAILURES ? 'final' : 'passing')
  }

  #report(lease: ActiveLease, { answer, range }: JudgedAnswer): void {
    if (lease.bytes === 0) return
    this.#context.onSegment({
      range,
      status: answer.status,
      contentRange: single(answer.fields, 'content-range'),
      bytes: lease.bytes,
      received: this.#context.store.received,
      total: this.#schedule.total,
    })
  }
}
