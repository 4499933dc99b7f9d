// One of the servers that a file is fetched from, and what is known about it.
import type { Answer } from '../http/answer.ts'
import { publicName, type Target } from '../http/target.ts'
import { Attempts } from '../rules/attempts.ts'
import { backoff } from '../rules/backoff.ts'
import type { ServerPace } from '../rules/server-choice.ts'
import { shortenedVersion } from '../rules/shortened-part.ts'
import type { Validators } from '../rules/validators.ts'
import type { Assignment } from '../schedule/assignment.ts'
import type { Failure } from '../schedule/attempt-failure.ts'
import { FirstBytes } from './first-bytes.ts'
import { ServerAccess } from './server-access.ts'

/**
 * What a server is used for.
 *
 * - `'unasked'`: nothing is known about it
 * - `'spare'`: it has a file, and nothing shows that it is the one of the others; it is used if no other is left
 * - `'joined'`: it has the file that is fetched
 * - `'other'`: it has another file, or another version
 * - `'suspected'`: it may have sent wrong bytes
 * - `'out'`: it failed, or sent wrong bytes, and is not asked again
 */
export type Role = 'unasked' | 'spare' | 'joined' | 'other' | 'suspected' | 'out'

/** When a server that fails is asked again. Times in ms. */
export interface ServerPolicy {
  readonly retries: number
  readonly retryDelay: number
  readonly maxRetryDelay: number
  readonly stallTimeout: number
  /** The most connections to it. */
  readonly connections: number
}

/** The most parts with a wrong Content-Digest that a server may send. */
const MAX_DIGEST_FAILURES = 3

/** A server with a file. */
export class Server {
  /** Its URL, as it may be shown. */
  readonly name: string
  readonly origin: Target
  /** Where the next request goes. */
  access: ServerAccess
  firstBytes: FirstBytes
  /** What its own answers said last about the version; null before the first one. */
  validators: Validators | null = null
  /** Does it answer ranges? */
  hasRanges: boolean = false
  /** Has it sent a Content-Digest? */
  hasPartDigests: boolean = false
  /** What its connections are fetching. */
  readonly assignments: Set<Assignment> = new Set()
  readonly #policy: ServerPolicy
  #shortened: Validators | null = null
  #role: Role = 'unasked'
  #reason: string | null = null
  #failure: Failure | null = null
  #bytes = 0
  #attempts = new Attempts(0)
  #failures = 0
  #digestFailures = 0
  #rate: number | null = null
  #limit: number
  #isSlow = false
  #asksAgainAtMs = 0

  constructor(origin: Target, policy: ServerPolicy) {
    this.#policy = policy
    this.#limit = policy.connections
    this.origin = origin
    this.name = publicName(origin)
    this.access = new ServerAccess(origin)
    this.firstBytes = new FirstBytes(policy.stallTimeout)
  }

  get role(): Role {
    return this.#role
  }

  /** Why it is not used, as the end of a sentence that begins with its name; null while it is. */
  get reason(): string | null {
    return this.#reason
  }

  /** The last failure, which is why it is not used or not asked now. */
  get failure(): Failure | null {
    return this.#failure
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures
  }

  /** Is it asked again only later? */
  get isWaiting(): boolean {
    return this.#asksAgainAtMs > performance.now()
  }

  /** When it is asked again, in ms on the monotonic clock. */
  get asksAgainAtMs(): number {
    return this.#asksAgainAtMs
  }

  /** For the choice of the server to ask next. */
  get pace(): ServerPace {
    return { rate: this.#rateNow(), active: this.assignments.size, limit: this.#limit, isSlow: this.#isSlow }
  }

  /** What the last part from it told that was shorter than its Content-Range; null if there was none. */
  get shortened(): Validators | null {
    return this.#shortened
  }

  /** It sent a part that was shorter than its Content-Range. @param told the version and the size in its head */
  sentShortened(told: Validators): void {
    this.#shortened = told
  }

  /** Notes whether an answer, by its head, is such a part. */
  noteHead({ status, fields }: Pick<Answer, 'status' | 'fields'>): void {
    this.#shortened = shortenedVersion(status, fields) ?? this.#shortened
  }

  /** Gives it another role. @param reason why it is not used */
  become(role: Role, reason: string | null = null): void {
    this.#role = role
    this.#reason = reason
  }

  /** Another transfer begins: it is asked at its own URL, with conditions. */
  beginTransfer(): void {
    this.access = new ServerAccess(this.origin)
    this.firstBytes = new FirstBytes(this.#policy.stallTimeout)
    this.#digestFailures = 0
  }

  /** It left a connection without an answer, or was far slower than the others. */
  markSlow(): void {
    this.#isSlow = true
  }

  /** It may be asked at once, for example because all servers wait. */
  askNow(): void {
    this.#asksAgainAtMs = 0
  }

  /** An assignment is over. Were there too many answers in a row with almost nothing in them? */
  isTooLittle(assignment: Assignment): boolean {
    this.#bytes += assignment.keptBytes
    if (assignment.newBytes > 0) this.#rate = assignment.overallRate
    return this.#attempts.isTooLittle(assignment, this.#bytes)
  }

  /** It sent a part with a wrong Content-Digest. Was that one too many? */
  isDigestFailureFinal(): boolean {
    return ++this.#digestFailures >= MAX_DIGEST_FAILURES
  }

  /** An attempt has failed. Returns whether it may be asked again, later. */
  mayAskAgain(failure: Failure): boolean {
    const { retries, retryDelay: delay, maxRetryDelay: maxDelay } = this.#policy
    this.#failure = failure
    if (failure.isExpiredRedirect) return true
    this.#failures = this.#attempts.fail(this.#bytes)
    this.access.goToOrigin()
    const wait = failure.retryAfterMs ?? 0
    if (failure.prospect === 'final' || this.#failures > retries || wait > maxDelay) return false
    if (failure.prospect === 'lasting' && this.#bytes === 0) return false
    // It may accept fewer connections.
    if (failure.isRefusal) this.#limit = Math.max(1, Math.min(this.#limit, this.assignments.size))
    this.#asksAgainAtMs =
      performance.now() + Math.max(wait, backoff(this.#failures, { retries, delay, maxDelay }))
    return true
  }

  /** Bytes per second of one connection: of those that have received for a while, or of the last one. */
  #rateNow(): number | null {
    const rates = [...this.assignments].map((each) => each.rateSinceAnswer).filter((rate) => rate !== null)
    return rates.length === 0 ? this.#rate : rates.reduce((sum, rate) => sum + rate, 0) / rates.length
  }
}
