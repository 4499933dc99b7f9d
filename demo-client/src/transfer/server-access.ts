// How the file is asked for: at which URL, with or without a condition.
//
// Only this module decides it. Other servers with the same file (mirrors) belong here.
import type { Answer } from '../http/answer.ts'
import type { Target } from '../http/target.ts'

/** What the next request leaves out after one that was refused. `'nothing'`: the error is final. */
export type Omission = 'redirect' | 'condition' | 'range' | 'nothing'

/** A request that brought no byte of the file. */
export interface RefusedRequest {
  /** The URL that it was sent to. */
  readonly target: Target
  readonly hasRange: boolean
  /** Did it have an If-Range? */
  readonly isConditional: boolean
  /** Null where the answer could not be read. */
  readonly answer: Pick<Answer, 'status' | 'fields' | 'target' | 'misdirection'> | null
}

/** Some servers count a repeated request with the same credentials as one more wrong password, and lock the account. */
const CHALLENGES: ReadonlyMap<number, string> = new Map([
  [401, 'www-authenticate'],
  [407, 'proxy-authenticate'],
])

function wantsCredentials({ answer }: RefusedRequest): boolean {
  const challenge = CHALLENGES.get(answer?.status ?? 0)
  return challenge !== undefined && answer?.fields.has(challenge) === true
}

/** What servers answer that do not understand a field of the request. */
const MISUNDERSTOOD: ReadonlySet<number> = new Set([400, 405, 406, 412, 417, 422, 428, 501])

/** May the error be about the If-Range, rather than about one connection too many? */
export function isAboutCondition({ answer, isConditional }: RefusedRequest): boolean {
  return isConditional && MISUNDERSTOOD.has(answer?.status ?? 0)
}

/** How the file is asked for: at which URL, and whether with a condition. */
export class ServerAccess {
  /** The URL that the caller gave. */
  readonly origin: Target
  #target: Target
  #condition: 'if-range' | 'none' = 'if-range'

  constructor(origin: Target) {
    this.origin = origin
    this.#target = origin
  }

  /** The URL of the next request: the origin, or the URL that its redirects last led to. */
  get target(): Target {
    return this.#target
  }

  /** Whether to send If-Range. */
  get condition(): 'if-range' | 'none' {
    return this.#condition
  }

  /** The file has come from `target`, so the next request goes there. */
  goTo(target: Target): void {
    this.#target = target
  }

  /** The next request goes to the origin, because a redirect may lead to another URL by now. */
  goToOrigin(): void {
    this.#target = this.origin
  }

  /** Sends no If-Range from now on. The validators of the answers are compared, which is no less safe. */
  omitCondition(): void {
    this.#condition = 'none'
  }

  /**
   * Chooses what to leave out after an answer that the same request would get again. The server, or a firewall in front of
   * it, may be unable to deal with any field of the request. Each thing is left out only once, so there is an end. Do not
   * call it for errors that pass with time (429, 503, a Retry-After).
   * @param haveRangesWorked a range is not to blame where other ranges were answered
   */
  afterRefusal(refused: RefusedRequest, haveRangesWorked: boolean): Omission {
    const { target, hasRange, isConditional } = refused
    if (target !== this.origin) {
      // The target of a redirect may have expired. The origin says at once where the file is now.
      this.goToOrigin()
      return 'redirect'
    }
    if (wantsCredentials(refused)) return 'nothing'
    // Some servers do not understand If-Range. They treat it as If-Match, or as an error.
    if (isConditional) {
      this.omitCondition()
      return 'condition'
    }
    // RFC 9110 §14.2: "A server MAY ignore the Range header field", but some treat it as an error.
    return hasRange && !haveRangesWorked ? 'range' : 'nothing'
  }
}
