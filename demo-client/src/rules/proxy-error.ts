// Failures and refusals of a proxy. They say nothing about the server behind the proxy.
import { isError } from '../is-error.ts'
import { statusName } from '../text/status-name.ts'

/** An answer of the proxy itself. */
export interface ProxyAnswer {
  readonly status: number
  /** The values of Proxy-Authenticate, joined; null if there are none. */
  readonly challenge: string | null
  /** How long the proxy asked to wait, in ms, or null. */
  readonly wait: number | null
}

/** Statuses after which a retry may succeed. */
const TEMPORARY: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** Thrown if the proxy cannot be used: it cannot be reached (`cause` says why), or it refuses with `answer`. */
export class ProxyError extends Error {
  readonly answer: ProxyAnswer | null
  readonly #prospect: 'passing' | 'final'

  /** @param prospect whether a retry may succeed, where there is no answer */
  constructor(proxy: URL, reason: ProxyAnswer | Error, prospect: 'passing' | 'final' = 'passing') {
    const name = nameOf(proxy)
    if (isError(reason)) super(name, { cause: reason })
    else super(`${name} answered ${statusName(reason.status)}${advice(proxy, reason)}`)
    this.answer = isError(reason) ? null : reason
    this.#prospect = prospect
  }

  /** May a retry succeed? */
  get isTemporary(): boolean {
    return this.answer === null ? this.#prospect === 'passing' : TEMPORARY.has(this.answer.status)
  }
}

/** A proxy, as part of a sentence. */
export function nameOf(proxy: URL): string {
  return `the proxy ${proxy.protocol}//${proxy.host}`
}

function advice(proxy: URL, { status, challenge }: ProxyAnswer): string {
  // tinyproxy answers 401 to a wrong password.
  if (status === 407 || (status === 401 && proxy.username !== ''))
    return ` (${credentialAdvice(proxy, challenge)})`
  if (status === 403) return ' (it does not allow this)'
  if (status >= 300 && status < 400) return ' (it may want a login in a browser)'
  return ''
}

function credentialAdvice(proxy: URL, challenge: string | null): string {
  if (challenge !== null && !/(?:^|[\s,])basic\b/i.test(challenge)) {
    return 'it wants credentials in a form that is not supported; only Basic is'
  }
  const isGiven = proxy.username !== '' || proxy.password !== ''
  if (isGiven) return 'it does not accept the user and password in its URL'
  return `it wants a user and password: ${proxy.protocol}//USER:PASSWORD@${proxy.host}`
}
