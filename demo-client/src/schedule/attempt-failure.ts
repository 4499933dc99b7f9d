// What a failed attempt means for the next one. Pure.
import { DownloadError } from '../errors.ts'
import { type Answer, type BodyCut, PeekFailure, RequestFailure } from '../http/answer.ts'
import { isError } from '../is-error.ts'
import { nameOf, ProxyError } from '../rules/proxy-error.ts'
import { type TlsFailure, tlsFailure } from '../rules/tls-failure.ts'
import { inWords, shortageOf } from '../system-shortage.ts'
import { statusName } from '../text/status-name.ts'

/** Thrown when the file on the server is no longer the one whose bytes are stored. */
export class VersionChanged extends Error {}

/** The same, after all stored bytes are forgotten, so that no server can go on with them. */
export class BytesForgotten extends VersionChanged {}

/**
 * What the same request is expected to get the next time. `'passing'`: perhaps another answer. `'lasting'`: the same
 * answer, unless the file has come from there before. `'final'`: the same answer.
 */
export type Prospect = 'passing' | 'lasting' | 'final'

/** An attempt that failed. */
export interface Failure {
  /** What happened, as a clause. */
  readonly reason: string
  /** What to throw if there is no further attempt. */
  readonly error: DownloadError
  /** The host refused this connection. It may accept fewer. */
  readonly isRefusal: boolean
  readonly prospect: Prospect
  /** How long the server asked to wait, or null. */
  readonly retryAfterMs: number | null
  /** The target of a redirect has expired. The origin is asked at once, and this is not counted as a failure. */
  readonly isExpiredRedirect: boolean
}

/** Turns what went wrong before an answer was judged into a {@link Failure}. Other errors are thrown again. */
export function connectionFailure(error: unknown): Failure {
  if (error instanceof PeekFailure) return peekFailure(error)
  if (error instanceof DownloadError) return finalFailure(error)
  if (!(error instanceof RequestFailure)) throw error
  const shortage = shortageOf(error)
  if (shortage !== null) return shortageFailure(inWords(shortage), error)
  if (error.cause instanceof ProxyError) return proxyFailure(error.cause)
  const cause = isError(error.cause) && 'code' in error.cause ? String(error.cause.code) : ''
  const tls = tlsFailure({ code: cause, message: error.message }, 'the server')
  if (tls !== null) return failureOfTls(tls, error)
  const isMalformed = error.fault !== 'connection'
  const reason = isMalformed ? `the answer is not HTTP (${error.message})` : describe(cause, error.message)
  const code = isMalformed ? 'ERR_DOWNLOAD_PROTOCOL' : 'ERR_DOWNLOAD_NETWORK'
  return {
    reason,
    error: new DownloadError(code, reason, { cause: error }),
    isRefusal: !isMalformed,
    prospect: error.fault === 'invalid-head' ? 'lasting' : 'passing',
    retryAfterMs: null,
    isExpiredRedirect: false,
  }
}

function finalFailure(error: DownloadError): Failure {
  return {
    reason: error.message,
    error,
    isRefusal: false,
    prospect: 'final',
    retryAfterMs: null,
    isExpiredRedirect: false,
  }
}

/** No descriptor or memory is left for a connection. The server is not to blame, and fewer connections may work. */
function shortageFailure(reason: string, cause: Error): Failure {
  const error = new DownloadError('ERR_DOWNLOAD_RESOURCES', reason, { cause })
  return { reason, error, isRefusal: true, prospect: 'passing', retryAfterMs: null, isExpiredRedirect: false }
}

function failureOfTls({ reason, isTemporary }: TlsFailure, cause: Error): Failure {
  const error = new DownloadError('ERR_DOWNLOAD_TLS', reason, { cause })
  const prospect = isTemporary ? 'passing' : 'final'
  return { reason, error, isRefusal: true, prospect, retryAfterMs: null, isExpiredRedirect: false }
}

/** A proxy that is not reached, or refuses. Its answers are not those of the server. */
function proxyFailure(error: ProxyError): Failure {
  const cause = isError(error.cause) ? error.cause : null
  const code = cause !== null && 'code' in cause ? String(cause.code) : ''
  const tls = tlsFailure({ code, message: cause?.message ?? '' }, error.message)
  if (tls !== null) return failureOfTls(tls, error)
  const reason = cause === null ? error.message : `${error.message}: ${describe(code, cause.message)}`
  const shown = new DownloadError('ERR_DOWNLOAD_NETWORK', reason, { cause: error })
  const prospect = error.isTemporary ? 'passing' : 'final'
  const retryAfterMs = error.answer?.wait ?? null
  return { reason, error: shown, isRefusal: true, prospect, retryAfterMs, isExpiredRedirect: false }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the connection timed out',
  EADDRNOTAVAIL: 'no local port or address is left for the connection',
}

function describe(code: string, message: string): string {
  const reason = REASONS[code]
  return reason === undefined ? message || code : `${reason} (${code})`
}

const NOT_ABOUT_RANGES: ReadonlySet<string> = new Set(['ERR_DOWNLOAD_TLS', 'ERR_DOWNLOAD_RESOURCES'])

/**
 * May the server fail at the Range? No if no server was reached, and no if it counts requests, says when to ask again,
 * has a wrong certificate, or has sent a head without the first bytes of the body.
 */
export function mayBeAboutRange({ error, retryAfterMs }: Failure): boolean {
  if (retryAfterMs !== null || error.statusCode === 429 || NOT_ABOUT_RANGES.has(error.code)) return false
  let cause: Error = error
  while (isError(cause.cause) && !(cause instanceof PeekFailure)) cause = cause.cause
  if (cause instanceof ProxyError || cause instanceof PeekFailure) return false
  const code = 'code' in cause ? String(cause.code) : ''
  return code === 'ECONNRESET' || REASONS[code] === undefined
}

/** An answer with an error status, or with 202. `proxy` forwarded it, and may have made it. */
export function statusFailure(
  { status, proxy }: Pick<Answer, 'status' | 'proxy'>,
  { isRefusal, prospect, retryAfterMs }: Pick<Failure, 'isRefusal' | 'prospect' | 'retryAfterMs'>,
): Failure {
  const reason = `the server${proxy === null ? '' : `, or ${nameOf(proxy)},`} answered ${statusName(status)}${status === 202 ? ': the file is not ready' : ''}`
  const error = new DownloadError('ERR_DOWNLOAD_HTTP', reason, { statusCode: status })
  return { reason, error, isRefusal, prospect, retryAfterMs, isExpiredRedirect: false }
}

/** A body that ended too early. */
export function cutFailure({ reason, cause, isMalformed }: BodyCut): Failure {
  const code = isMalformed ? 'ERR_DOWNLOAD_PROTOCOL' : 'ERR_DOWNLOAD_NETWORK'
  const error = new DownloadError(code, reason, cause === null ? {} : { cause })
  return {
    reason,
    error,
    isRefusal: false,
    prospect: 'passing',
    retryAfterMs: null,
    isExpiredRedirect: false,
  }
}

/** An answer with a good head, whose first bytes did not come. */
function peekFailure(cause: PeekFailure): Failure {
  const failure = cutFailure(cause.cut)
  return { ...failure, error: new DownloadError(failure.error.code, cause.message, { cause }) }
}

/** An answer that cannot be true. A server that has never sent the file will not send it the next time. */
export function invalidAnswerFailure(reason: string): Failure {
  const error = new DownloadError('ERR_DOWNLOAD_PROTOCOL', `the server ${reason}`)
  return { ...finalFailure(error), prospect: 'lasting' }
}

/** The failure, where a further attempt would start at the first byte, and that is too late. */
export function withoutRepetition(failure: Failure): Failure {
  return { ...failure, prospect: 'final' }
}

/** A part whose Content-Digest does not match. */
export function digestFailure(prospect: Prospect): Failure {
  const reason = 'a part does not have the Content-Digest that was sent with it'
  const error = new DownloadError('ERR_DOWNLOAD_DIGEST', reason)
  return { ...finalFailure(error), prospect }
}
