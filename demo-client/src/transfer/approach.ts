// How the server is asked next: at which URL, with or without a condition. What it refuses is left out one by one.
import type { Answer } from '../http/answer.ts'
import type { Target } from '../http/target.ts'

/** What to change before the next question, or `'nothing'` where an error is the server's last word. */
export type Concession = 'redirect' | 'condition' | 'range' | 'nothing'

/** A question that came to nothing. */
export interface Refused {
  /** Where it went. */
  readonly asked: Target
  readonly hasRange: boolean
  readonly isConditional: boolean
  /** Null where it could not be read. */
  readonly answer: Pick<Answer, 'status' | 'fields' | 'target' | 'misdirection'> | null
}

/** Asked again with the same credentials, some servers count it as one more wrong password, and lock the account. */
const CHALLENGES: ReadonlyMap<number, string> = new Map([
  [401, 'www-authenticate'],
  [407, 'proxy-authenticate'],
])

function wantsCredentials({ answer }: Refused): boolean {
  const challenge = CHALLENGES.get(answer?.status ?? 0)
  return challenge !== undefined && answer?.fields.has(challenge) === true
}

/** Errors of a server that does not understand a field of the request. */
const MISUNDERSTOOD: ReadonlySet<number> = new Set([400, 405, 406, 412, 417, 422, 428, 501])

/** May an error be about the If-Range that was sent, rather than about one connection too many? */
export function isAboutCondition({ answer, isConditional }: Refused): boolean {
  return isConditional && MISUNDERSTOOD.has(answer?.status ?? 0)
}

/** The way to the file that has worked last. */
export class Approach {
  /** The URL that the caller gave. */
  readonly origin: Target
  #target: Target
  #condition: 'if-range' | 'none' = 'if-range'

  constructor(origin: Target) {
    this.origin = origin
    this.#target = origin
  }

  /** Where to ask next: the origin, or where its redirects last led to the file. */
  get target(): Target {
    return this.#target
  }

  /** Whether to send If-Range. */
  get condition(): 'if-range' | 'none' {
    return this.#condition
  }

  /** The file has come from `target`: the next question goes there. */
  follow(target: Target): void {
    this.#target = target
  }

  /** No If-Range from now on. The validators of the answers are compared, which is no less safe. */
  leaveOutCondition(): void {
    this.#condition = 'none'
  }

  /** The next question goes to the origin: a redirect may lead elsewhere by now. */
  restart(): void {
    this.#target = this.origin
  }

  /**
   * What to leave out after an answer that the same question would get again: whatever it is, it may be the fields that the
   * server, or a firewall before it, cannot deal with. Each thing is left out only once, so that there is an end. What
   * counts requests or passes with time (429, 503, a Retry-After) does not come here.
   * @param haveRangesWorked no range is to blame where others were answered
   */
  concede(refused: Refused, haveRangesWorked: boolean): Concession {
    const { asked, hasRange, isConditional } = refused
    if (asked !== this.origin) {
      // The target of a redirect may have expired: ask where it is now, at once.
      this.restart()
      return 'redirect'
    }
    if (wantsCredentials(refused)) return 'nothing'
    // Some servers do not understand If-Range, and take it for If-Match or for a mistake.
    if (isConditional) {
      this.leaveOutCondition()
      return 'condition'
    }
    // RFC 9110 §14.2: "A server MAY ignore the Range header field", but some take it for a mistake.
    return hasRange && !haveRangesWorked ? 'range' : 'nothing'
  }
}
