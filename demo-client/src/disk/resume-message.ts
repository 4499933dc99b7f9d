// What an error message says about the bytes received: whether a later run can resume.
import { DownloadError, type DownloadErrorCode } from '../errors.ts'
import { adviceOn } from '../files/descriptors.ts'
import { shortageOf } from '../system-shortage.ts'

/**
 * Whether a later run can resume from the disk. `'unproven'`: nothing could prove that other answers are of the same version.
 * `'unsized'`: the size of the file is not known. `null`: this run had not begun.
 */
export type KeptBytes = 'resumable' | 'nothing' | 'unproven' | 'unsized' | null

/** Why received bytes are thrown away, and how to avoid it. */
const LOST: Readonly<Record<'unproven' | 'unsized', string>> = {
  unproven:
    'what was received cannot be resumed: the server sends no strong ETag, no Last-Modified that is old enough and no ' +
    'Repr-Digest. With a checksum (--checksum) it could be',
  unsized: 'what was received cannot be resumed: the server does not say how large the file is',
}

const STOPPED: Readonly<Record<KeptBytes & string, string>> = {
  resumable: 'stopped; what was received can be resumed',
  nothing: 'stopped; nothing was received that a later run can resume',
  unproven: `stopped; ${LOST.unproven}`,
  unsized: `stopped; ${LOST.unsized}`,
}

const FULL: Readonly<Record<KeptBytes & string, string>> = {
  resumable: 'What was received is kept',
  nothing: 'What was received cannot be resumed, and is not kept',
  unproven: capital(LOST.unproven),
  unsized: capital(LOST.unsized),
}

const SHORT: Readonly<Record<KeptBytes & string, string>> = {
  resumable: 'What was received is kept',
  nothing: 'Nothing was received that a later run can resume',
  unproven: capital(LOST.unproven),
  unsized: capital(LOST.unsized),
}

/** Failures whose message says what is kept: the next run may succeed. */
const SAID: Readonly<Partial<Record<DownloadErrorCode, typeof FULL>>> = {
  ERR_DOWNLOAD_DISK_FULL: FULL,
  ERR_DOWNLOAD_RESOURCES: SHORT,
}

/** Answers to a link that has expired. Those of object stores are 400 and 403. */
const EXPIRED: ReadonlySet<number | undefined> = new Set([400, 401, 403, 410])
/** The key of a download is its link, if its caller has chosen none. */
const RENEW =
  'What was received is kept. If the link has expired, a new one continues it with the old one as its key (--resume-key)'

/** The error to throw instead of `error`: if the next run may succeed, its message says what is kept. */
export function withKeptBytes(error: unknown, left: KeptBytes, signal: AbortSignal | null): unknown {
  if (signal?.aborted && error === signal.reason) {
    const message = left === null ? 'stopped' : STOPPED[left]
    return new DownloadError('ERR_DOWNLOAD_ABORTED', message, { cause: error })
  }
  if (left === null || !(error instanceof DownloadError)) return error
  const isLost = left === 'unproven' || left === 'unsized'
  const renewed = left === 'resumable' && EXPIRED.has(error.statusCode) ? RENEW : null
  const said = SAID[error.code]?.[left] ?? (isLost ? capital(LOST[left]) : renewed)
  if (said === null) return error
  const { code, cause, statusCode } = error
  const status = statusCode === undefined ? {} : { statusCode }
  return new DownloadError(code, `${error.message}. ${said}`, { cause, ...status })
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}

/** The error with advice about a shortage. Call it when all is closed: to read the limit needs a descriptor. */
export function withAdvice(error: unknown): unknown {
  if (!(error instanceof DownloadError) || error.code !== 'ERR_DOWNLOAD_RESOURCES') return error
  const shortage = shortageOf(error)
  if (shortage === null) return error
  return new DownloadError(error.code, `${error.message}. ${adviceOn(shortage)}`, { cause: error.cause })
}
