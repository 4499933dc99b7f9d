// What a proxy failed at, or would not do. It says nothing about the server behind the proxy.

/** An answer of the proxy itself. */
export interface ProxyAnswer {
  readonly status: number
  /** The values of Proxy-Authenticate, joined; null where there is none. */
  readonly challenge: string | null
  /** Milliseconds that the proxy asked to wait, or null. */
  readonly wait: number | null
}

/** Statuses of a proxy that may pass. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** Thrown where the proxy cannot be used: it is not reached (`cause` says why), or `answer` is its refusal. */
export class ProxyError extends Error {
  readonly answer: ProxyAnswer | null

  constructor(proxy: URL, reason: ProxyAnswer | Error) {
    const name = nameOf(proxy)
    if (reason instanceof Error) super(name, { cause: reason })
    else super(`${name} answered ${reason.status}${advice(proxy, reason)}`)
    this.answer = reason instanceof Error ? null : reason
  }

  /** May another attempt do better? */
  get isPassing(): boolean {
    return this.answer === null || PASSING.has(this.answer.status)
  }
}

/** A proxy in a sentence. */
export function nameOf(proxy: URL): string {
  return `the proxy ${proxy.protocol}//${proxy.host}`
}

function advice(proxy: URL, { status, challenge }: ProxyAnswer): string {
  // tinyproxy says 401 where the password is wrong.
  if (status === 407 || (status === 401 && proxy.username !== ''))
    return ` (${credentialAdvice(proxy, challenge)})`
  if (status === 403) return ' (it does not allow this)'
  if (status >= 300 && status < 400) return ' (it may want a login in a browser)'
  return ''
}

function credentialAdvice(proxy: URL, challenge: string | null): string {
  if (challenge !== null && !/(?:^|[\s,])basic\b/i.test(challenge)) {
    return 'it wants credentials in a way that is not supported; Basic is'
  }
  const isGiven = proxy.username !== '' || proxy.password !== ''
  if (isGiven) return 'it does not accept the user and password in its URL'
  return `it wants a user and password: ${proxy.protocol}//USER:PASSWORD@${proxy.host}`
}
