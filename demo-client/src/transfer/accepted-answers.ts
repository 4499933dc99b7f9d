import type { BodyDelimiter } from '../http/answer.ts'
import { type Digests, strongest } from '../rules/digest.ts'
import { single } from '../rules/field-lines.ts'
import { acrossServers } from '../rules/same-file.ts'
import { isJoinable, isProvenVersion, type Validators } from '../rules/validators.ts'
import type { Verdict } from '../rules/verdict.ts'
import type { Assignment } from '../schedule/assignment.ts'
import {
  cutFailure,
  digestFailure,
  type Failure,
  invalidAnswerFailure,
  VersionChanged,
  withoutRepetition,
} from '../schedule/attempt-failure.ts'
import type { Schedule } from '../schedule/schedule.ts'
import { gaps, type Interval } from '../state/blocks.ts'
import { MAX_DIGESTED_BYTES } from '../state/segments.ts'
import { segmentIn } from '../state/window.ts'
import type { AcceptedAnswersContext, SentAnswer } from './accepted-answers-context.ts'
import { contentTypeOf, type JudgedAnswer } from './fetch-segment.ts'
import { PartDigest } from './part-digest.ts'
import { SentDigests } from './sent-digests.ts'
import type { Server } from './server.ts'
import { type StoredEnding, storePart, storeWhole } from './store-body.ts'

/** A part of this size shows soon whether a server sends Content-Digest: it hashes the part before it answers. */
const SAMPLE_BYTES = 1024 * 1024
const SHORT = 'the answer ended before its announced end'

type Part = Extract<Verdict, { kind: 'part' }>

/** A part whose body has ended. */
interface StoredPart {
  readonly part: Part
  /** Is it all of the file? */
  readonly isAll: boolean
  /** Was its Content-Digest announced in its head? */
  readonly isDigested: boolean
  readonly ending: StoredEnding
}

/** Receives the bodies of accepted answers. Its methods return why an attempt has failed, or null. */
export class AcceptedAnswers {
  readonly #context: AcceptedAnswersContext
  readonly #schedule: Schedule
  #end: BodyDelimiter = 'announced'
  readonly #inHeads = new SentDigests()
  readonly #inTrailers = new SentDigests()
  #hasSampled = false
  /** The parts whose Content-Digest was verified; null while no part had one. */
  #proven: Interval[] | null = null
  /** What redirects say. */
  #linked: Digests = {}
  #isJoinedOnTrust = false

  constructor(context: AcceptedAnswersContext) {
    this.#context = context
    this.#schedule = context.schedule
  }

  /** What marked the end of the file. */
  get end(): BodyDelimiter {
    return this.#end
  }

  /** The parts whose Content-Digest was verified; null if no part had one. */
  get proven(): readonly Interval[] | null {
    return this.#proven
  }

  /** Digests of the whole file that were sent in heads, in trailers and in redirects, by algorithm in base64. */
  get digests(): readonly Digests[] {
    return [this.#inHeads.all, this.#inTrailers.all, this.#linked]
  }

  /** Were answers joined that only a digest of the caller, or a redirect, says to be of one version? */
  get isJoinedOnTrust(): boolean {
    return this.#isJoinedOnTrust
  }

  /** Receives the body of a 206. */
  async receivePart(assignment: Assignment, judged: SentAnswer, part: Part): Promise<Failure | null> {
    const { answer, server } = judged
    const { store } = this.#context
    const isAll = part.start === 0 && part.end === part.validators.total
    if (store.joinable === null && !isAll && !isJoinable(part.validators)) {
      answer.discard()
      this.#schedule.switchToWhole() // nothing could prove that a second answer is of the same version
      return null
    }
    await this.#accept(part.validators, judged)
    if (assignment.kind === 'probe') {
      answer.discard()
      return null
    }
    const digest = isAll ? null : new PartDigest(answer, strongest(part.digests)) // the whole file is verified at the end
    const isDigested = digest?.isExpected === true
    if (isDigested) {
      this.#proven ??= []
      server.hasPartDigests = true
    }
    const isFirstLong =
      isDigested &&
      part.end - part.start > this.#maxDigestedBytes &&
      this.#schedule.limitSegments(this.#maxDigestedBytes)
    if (!this.#schedule.partAnswered(assignment, part.end) || isFirstLong) {
      answer.discard()
      return null
    }
    if (store.joinable !== null) this.#context.onRangesWork()
    const ending = await storePart(this.#context, assignment, { answer, part, digest })
    return await this.#partStored(assignment, judged, { part, isAll, isDigested, ending })
  }

  /** The body of a 206 has ended. */
  async #partStored(
    assignment: Assignment,
    judged: SentAnswer,
    { part, isAll, isDigested, ending }: StoredPart,
  ): Promise<Failure | null> {
    const { answer, server } = judged
    const { store, servers } = this.#context
    if (ending.kind === 'short') server.sentShortened(part.validators)
    // Nothing is kept of an incomplete part, which was not verified, or of one that is too long.
    if (ending.kind === 'too-much' || (isDigested && ending.kind !== 'complete')) assignment.dropReceived()
    else servers.addReceived(server, { start: part.start, end: assignment.position })
    this.#report(assignment, judged)
    if (ending.kind === 'digest-mismatch' && !isDigested) {
      // No digest was announced, so some of the bytes are in the journal already.
      await store.forget()
      throw servers.withoutServer(server, digestFailure('final'))
    }
    if (ending.kind === 'complete') {
      if (isDigested) this.#proven?.push({ start: part.start, end: part.end })
      if (server === servers.reference) this.#inTrailers.learn(answer, isAll ? 'whole' : 'part')
    }
    return this.#failureOf(assignment, ending, server)
  }

  /** Receives the body of a 200, and writes only the missing bytes. */
  async receiveWhole(
    assignment: Assignment,
    judged: SentAnswer,
    whole: Extract<Verdict, { kind: 'whole' }>,
  ): Promise<Failure | null> {
    const declined = this.#declineWhole(assignment, judged)
    if (declined !== null) return declined.failure
    const { answer, server } = judged
    const { store, servers } = this.#context
    const total = store.joinable?.total ?? whole.length
    await this.#schedule.becomeSingleStream(assignment)
    await this.#accept(whole.validators, judged)
    const missing: readonly Interval[] =
      total === null ? [{ start: 0, end: Number.POSITIVE_INFINITY }] : gaps(store.blocks, total)
    assignment.wholeAnswered(total)
    const ending = await storeWhole(this.#context, assignment, { answer, missing, total })
    for (const each of missing)
      servers.addReceived(server, { start: each.start, end: Math.min(each.end, assignment.position) })
    this.#report(assignment, judged)
    if (ending.kind === 'too-much') throw new VersionChanged(`it is longer than ${total} bytes`)
    if (ending.kind === 'complete') this.#inTrailers.learn(answer, 'whole')
    if (ending.kind === 'complete' && total === null) {
      this.#schedule.learnTotal(assignment.position)
      this.#end = answer.delimiter
    }
    const failure = this.#failureOf(assignment, ending, server)
    const isLost = store.joinable === null && !store.canStartOver
    return failure !== null && isLost ? withoutRepetition(failure) : failure
  }

  /** Drops the body of a 200 that is not used, and says whether that is a failure; null if it is used. */
  #declineWhole(assignment: Assignment, judged: SentAnswer): { readonly failure: Failure | null } | null {
    const { answer, server, isConditional } = judged
    const { store, servers } = this.#context
    if (store.joinable !== null && isConditional && server.access.condition === 'if-range') {
      // Some servers answer every If-Range with the whole file, even if it is of the stored version.
      answer.discard()
      server.access.omitCondition()
      return { failure: null }
    }
    const hasOther = servers.hasOther(server)
    if (!hasOther && !this.#schedule.isOtherReceiving(assignment)) return null
    answer.discard()
    if (!hasOther)
      return { failure: this.#useless(assignment, server, 'answered a range with the whole file') }
    server.hasRanges = false
    servers.leave(server, 'spare', null) // all of the file comes from here if the others fail
    return { failure: null }
  }

  /** A part waits in memory for its digest, if it is for an output. */
  get #maxDigestedBytes(): number {
    const { window } = this.#context.store
    return Math.min(MAX_DIGESTED_BYTES, window === null ? MAX_DIGESTED_BYTES : segmentIn(window, 1))
  }

  /** Begins the version of an answer, or goes on with the stored one. */
  async #accept(validators: Validators, { answer, server }: SentAnswer): Promise<void> {
    const { store, servers, onVersion } = this.#context
    const held = store.joinable
    const isNew = held === null
    if (held !== null && !isProvenVersion(held, validators)) this.#isJoinedOnTrust = true
    if (isNew) servers.begin(server)
    const isForeign = server !== servers.reference
    // Only compared: a digest that the file must have is of the server by which the version is known.
    if (!isForeign) this.#linked = validators.vouched?.digests ?? this.#linked
    if (isNew || !this.#schedule.isConfirmed) await onVersion(validators, answer)
    if (isNew) {
      const mirror = servers.sourceOf(server)
      await store.begin({ validators, contentType: contentTypeOf(answer), mirror })
      this.#schedule.learnTotal(validators.total)
    } else if (isForeign) store.narrow(acrossServers(held, this.#context.mirrorTags))
    if (server.validators === null || !isJoinable(server.validators)) server.validators = validators
    this.#schedule.confirmVersion()
    if (!isForeign) this.#inHeads.add(validators.digests)
    if (this.#hasSampled) return
    this.#hasSampled = true
    // Without a digest of the file, digests of its parts can be compared at the end, if the server has them.
    if (strongest(this.#inHeads.all) === null) this.#schedule.sampleNext(SAMPLE_BYTES)
  }

  /** The answer was useless. If another server has the file, this one is not asked again. */
  #useless(assignment: Assignment, server: Server, reason: string): Failure | null {
    const { servers, ranges } = this.#context
    if (!servers.hasOther(server)) return ranges.uselessAnswer(assignment, reason)
    return { ...invalidAnswerFailure(reason), prospect: 'final' }
  }

  #failureOf(assignment: Assignment, ending: StoredEnding, server: Server): Failure | null {
    const { pace } = this.#context
    if (ending.kind === 'complete' || ending.kind === 'enough') {
      pace.segmentDone(assignment.overallRate)
      return null
    }
    if (assignment.abortReason !== null) return null
    // Bytes that cannot be resumed are not progress.
    if (this.#context.store.joinable === null) assignment.dropReceived()
    if (ending.kind === 'too-much')
      return this.#useless(assignment, server, 'sent more bytes than it announced')
    if (ending.kind === 'short') return cutFailure({ reason: SHORT, cause: null, isMalformed: false })
    if (ending.kind === 'cut') return cutFailure(ending)
    return digestFailure(server.isDigestFailureFinal() ? 'final' : 'passing')
  }

  #report(assignment: Assignment, { answer, range }: JudgedAnswer): void {
    if (assignment.newBytes === 0) return
    this.#context.onSegment({
      range,
      status: answer.status,
      contentRange: single(answer.fields, 'content-range'),
      bytes: assignment.newBytes,
      received: this.#context.store.received,
      total: this.#schedule.total,
    })
  }
}
