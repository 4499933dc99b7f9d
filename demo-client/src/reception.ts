// What the connections bring: bodies of accepted answers, into the store, of one version only.
import type { Approach } from './approach.ts'
import { strongest } from './digest.ts'
import { type EndOfFile, endOfFile } from './end-of-file.ts'
import { type Answer, discard } from './exchange.ts'
import {
  cutFailure,
  digestFailure,
  type Failure,
  lieFailure,
  mayBeAboutRange,
  VersionChanged,
} from './failure.ts'
import { contentTypeOf, type JudgedAnswer } from './fetch-segment.ts'
import { single } from './field-lines.ts'
import { type Identity, isJoinable } from './identity.ts'
import { type IntakeContext, type IntakeEnding, intakePart, intakeWhole } from './intake.ts'
import type { ActiveLease } from './lease.ts'
import type { SegmentReport } from './options.ts'
import { gaps, type Interval } from './plan.ts'
import type { Schedule } from './schedule.ts'
import type { Store } from './store.ts'
import type { Verdict } from './verify.ts'

/** Where the bodies go, and who is told. */
export interface ReceptionContext {
  readonly store: Store
  readonly schedule: Schedule
  readonly approach: Approach
  /** In ms. */
  readonly stallTimeout: number
  /** See {@link IntakeContext.isPaced}. */
  readonly isPaced: boolean
  /** Called before the first byte is taken, of a version begun or resumed; may refuse it by throwing. */
  readonly onVersion: (identity: Identity, answer: Answer) => Promise<void>
  /** A part is on its way: further connections can be of use. */
  readonly onPart: () => void
  /** Told of every byte that counts; returns what the connection has to wait for, if anything. */
  readonly onBytes: (bytes: number) => Promise<void> | null
  readonly onSegment: (report: SegmentReport) => void
  readonly onSegmentDone: (lease: ActiveLease) => void
}

/** Segments of a server that sends Content-Digest are no larger: each counts only as a whole. */
const DIGESTED_SEGMENT = 8 * 1024 * 1024
const RANGE_TROUBLES = 2
const DIGEST_FAILURES = 3

/** Takes accepted answers. Each method returns the failure that it ended with, or null. */
export class Reception {
  readonly #context: ReceptionContext
  readonly #schedule: Schedule
  readonly #intake: IntakeContext
  #end: EndOfFile = 'announced'
  #useful = 0
  #rangeTroubles = 0
  #digestFailures = 0

  constructor(context: ReceptionContext) {
    const { store, stallTimeout, isPaced, schedule, onBytes } = context
    this.#context = context
    this.#schedule = schedule
    const count = (bytes: number): Promise<void> | null => {
      this.#useful += bytes
      return onBytes(bytes)
    }
    this.#intake = { store, stallTimeout, isPaced, onBytes: count }
  }

  /** What said where the file ends. */
  get end(): EndOfFile {
    return this.#end
  }

  /** Bytes taken that bring the file nearer to its end. */
  get useful(): number {
    return this.#useful
  }

  /** Ranges do not work here: a second try on a fresh connection, then the whole as one stream. */
  rangeTrouble(reason: string): Failure | null {
    if (this.#schedule.mode === 'whole') return null // another connection has seen to it
    this.#rangeTroubles++
    if (this.#rangeTroubles < RANGE_TROUBLES && this.#context.store.joinable !== null)
      return lieFailure(reason)
    this.#schedule.mode = 'whole'
    for (const lease of this.#schedule.leases) lease.controller.abort()
    return null
  }

  /** One attempt is left and nothing has come yet: it asks for the whole, where the Range can be to blame. */
  leaveOutRange(failure: Failure): void {
    const hasCome = this.#schedule.isConfirmed || this.#context.store.joinable !== null
    if (!hasCome && mayBeAboutRange(failure)) this.#schedule.mode = 'whole'
  }

  /** Takes the body of a 206 into the store. */
  async takePart(
    lease: ActiveLease,
    judged: JudgedAnswer,
    part: Extract<Verdict, { kind: 'part' }>,
  ): Promise<Failure | null> {
    const { answer } = judged
    const total = part.identity.total
    const isAll = part.start === 0 && part.end === total
    if (this.#context.store.joinable === null) {
      if (!isAll && !isJoinable(part.identity)) {
        discard(answer)
        this.#schedule.mode = 'whole' // a second answer could not be proven to be of the same version
        return null
      }
      await this.#adopt(part.identity, answer)
    } else if (!this.#schedule.isConfirmed) {
      await this.#context.onVersion(part.identity, answer)
    }
    this.#schedule.isConfirmed = true
    if (lease.kind === 'probe') {
      discard(answer)
      return null
    }
    const digest = isAll ? null : strongest(part.digests) // of the whole it is verified at the end
    const isFirstDigest = digest !== null && this.#schedule.largest > DIGESTED_SEGMENT
    if (isFirstDigest) this.#schedule.largest = DIGESTED_SEGMENT
    if (!this.#schedule.confirm(lease) || (isFirstDigest && part.end - part.start > DIGESTED_SEGMENT)) {
      discard(answer)
      return null
    }
    if (this.#context.store.joinable !== null) this.#context.onPart()
    const ending = await intakePart(this.#intake, lease, { answer, part, digest })
    // Without the rest nothing of it was proven, and nothing kept.
    if (digest !== null && ending.kind !== 'complete') this.#useful -= lease.bytes
    this.#report(lease, judged)
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
      discard(answer)
      this.#context.approach.condition = 'none'
      return null
    }
    await this.#schedule.becomeOnlyOne(lease)
    if (held === null) await this.#adopt(whole.identity, answer)
    else if (!this.#schedule.isConfirmed) await this.#context.onVersion(whole.identity, answer)
    this.#schedule.isConfirmed = true
    const total = held?.total ?? whole.length
    const missing: readonly Interval[] =
      total === null ? [{ start: 0, end: Number.POSITIVE_INFINITY }] : gaps(this.#context.store.blocks, total)
    const usefulBefore = this.#useful
    lease.answeredAt = performance.now()
    lease.position = 0
    lease.end = total ?? Number.POSITIVE_INFINITY
    const ending = await intakeWhole(this.#intake, lease, { answer, missing, total })
    this.#report(lease, judged)
    if (ending.kind === 'too-much') throw new VersionChanged(`it is longer than ${total} bytes`)
    if (ending.kind === 'complete' && total === null) {
      this.#schedule.total = lease.position
      this.#end = endOfFile(answer)
    }
    // What cannot be continued is no progress.
    if (ending.kind === 'cut' && this.#context.store.joinable === null) this.#useful = usefulBefore
    return this.#settle(lease, ending)
  }

  async #adopt(identity: Identity, answer: Answer): Promise<void> {
    await this.#context.onVersion(identity, answer)
    await this.#context.store.begin({ identity, contentType: contentTypeOf(answer) })
    this.#schedule.total = identity.total
  }

  #settle(lease: ActiveLease, ending: IntakeEnding): Failure | null {
    if (ending.kind === 'complete' || ending.kind === 'enough') {
      this.#context.onSegmentDone(lease)
      return null
    }
    if (lease.controller.signal.aborted) return null
    if (ending.kind === 'too-much') return this.rangeTrouble('sent more bytes than it announced')
    if (ending.kind === 'short') return cutFailure('the answer ended before its announced end', null)
    if (ending.kind === 'cut') return cutFailure(ending.reason, ending.cause)
    const failure = digestFailure()
    if (++this.#digestFailures >= DIGEST_FAILURES) throw failure.error
    return failure
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
