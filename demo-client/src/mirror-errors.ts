// What a download with mirrors says about its servers: in its error, and in its warnings.
import { DownloadError, type DownloadErrorCode } from './errors.ts'
import type { Server } from './transfer/server.ts'
import type { Servers } from './transfer/servers.ts'

/** Failures for which a server is to blame, so that another one may do better. */
const OF_A_SERVER: ReadonlySet<DownloadErrorCode> = new Set([
  'ERR_DOWNLOAD_NETWORK',
  'ERR_DOWNLOAD_TLS',
  'ERR_DOWNLOAD_HTTP',
  'ERR_DOWNLOAD_CHANGED',
  'ERR_DOWNLOAD_PROTOCOL',
  'ERR_DOWNLOAD_DIGEST',
])

/** Is a server to blame, or the way to it? */
export function isAboutServer(error: unknown): error is DownloadError {
  return error instanceof DownloadError && OF_A_SERVER.has(error.code)
}

/**
 * The transfer has failed with `error`. Gives up the server that was left alone; false if no other one is there to try. With a
 * checksum, a file that is not that of the given-up server may be the right one.
 */
export function giveUpServer(servers: Servers, error: unknown): boolean {
  if (!servers.areSeveral || !isAboutServer(error)) return false
  for (const server of servers.joined) servers.leave(server, 'out', clause(error.message))
  if (servers.areNamedByChecksum) servers.readmitPossible()
  return servers.all.some(({ role }) => role === 'spare' || role === 'unasked')
}

/** The error to throw: that of the transfer, with what became of the mirrors. */
export function withMirrors(error: unknown, servers: Servers): unknown {
  if (!servers.areSeveral || !isAboutServer(error)) return error
  const others = servers.all.slice(1).filter(({ reason }) => reason !== null)
  if (others.length === 0) return error
  const status = error.statusCode === undefined ? {} : { statusCode: error.statusCode }
  const message = `${error.message}. Of the mirrors, ${others.map(inWords).join('; ')}`
  return new DownloadError(error.code, message, { cause: error, ...status })
}

/** The error if no server is left: that of the caller's URL. */
export function noServerLeft(servers: Servers): unknown {
  const { failure, reason } = servers.first
  const message = reason ?? 'no server has the file'
  return withMirrors(failure?.error ?? new DownloadError('ERR_DOWNLOAD_PROTOCOL', message), servers)
}

/** A sentence for each mirror that was not used, or not to the end. */
export function mirrorWarnings(servers: Servers): readonly string[] {
  if (!servers.areSeveral) return []
  const unused = servers.all.filter(({ role }) => role !== 'joined')
  return unused.map((server) =>
    server.reason === null
      ? notUsed(server, servers.areNamedByChecksum)
      : `not used to the end: ${inWords(server)}`,
  )
}

function notUsed({ name, role, hasRanges }: Server, hasChecksum: boolean): string {
  if (role !== 'spare') return `not used: ${name} did not answer in time`
  if (!hasRanges) return `not used: ${name} does not send the range that it is asked for`
  if (hasChecksum) return `not used: the file came from one server, and was not asked for at ${name}`
  return `not used: nothing shows that ${name} has the same file. A checksum (--checksum) would`
}

function inWords({ name, reason }: Server): string {
  return `${name}: ${reason}`
}

function clause(message: string): string {
  return message.replace(/\.$/, '')
}
