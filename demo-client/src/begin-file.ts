// Begins one of many downloads.
import { reading } from './caller/check-arguments.ts'
import type { TakenPaths } from './disk/taken-paths.ts'
import { startDownload } from './download.ts'
import type { BatchSettings } from './download-all-options.ts'
import type { Download } from './download-handle.ts'
import type { FileRequest } from './downloads.ts'
import { ClientPool } from './http/client-pool.ts'
import { clientSettingsOf } from './node-transport.ts'
import type { RateLimit } from './rules/rate-limit.ts'
import { httpOrigin, publicUrl } from './text/public-url.ts'
import { Warnings } from './text/warnings.ts'

/** What all files share. */
export interface Shared {
  readonly settings: BatchSettings
  readonly pool: ClientPool
  readonly limit: RateLimit | null
  /** The origin of the first file. See `SecretsScope`. */
  readonly secretsFor: string | null
  readonly taken: TakenPaths
}

/** The connections that all files share. */
export function poolFor({ each, hostConnections }: BatchSettings): ClientPool {
  return new ClientPool(clientSettingsOf(each, new Warnings()), {
    hostConnections,
    maxRetryDelay: each.maxRetryDelay,
  })
}

/** Begins one file. @throws DownloadError `ERR_DOWNLOAD_USAGE` if it cannot be read */
export function start(
  file: FileRequest,
  { settings, pool, limit, secretsFor, taken }: Shared,
  onBytes: (bytes: number) => void,
): Download {
  const { url, destination, checksum, expected, namedBy, resumeKey, mirrors } = reading(
    'a file of the list',
    () => ({ ...file }),
  )
  const own = {
    ...(expected === undefined ? {} : { expected }),
    ...(checksum === undefined ? {} : { checksum }),
    ...(resumeKey === undefined ? {} : { resumeKey }),
    ...(mirrors === undefined ? {} : { mirrors }),
  }
  return startDownload(
    { url, destination, options: { ...settings.options, ...own } },
    {
      createClient: (own, warnings) => pool.client(clientSettingsOf(own, warnings)),
      rateLimit: limit,
      secrets: { origin: secretsOrigin(namedBy, secretsFor) },
      onBytes,
      holder: taken.holder(),
    },
  )
}

/** No URL has this origin. */
const NO_ORIGIN = ''

/** The origin that gets the caller's secrets for a file. A document that names it must not choose another one. */
function secretsOrigin(namedBy: FileRequest['namedBy'], secretsFor: string | null): string | null {
  if (namedBy === undefined) return secretsFor
  return secretsFor !== null && httpOrigin(namedBy) === secretsFor ? secretsFor : NO_ORIGIN
}

/** The origin of a file, or of the document that names it; null for what has none. */
export function originOf(file: FileRequest): string | null {
  try {
    return httpOrigin(file.namedBy ?? file.url)
  } catch {
    return null
  }
}

/** The URL of a file, for messages. */
export function shownUrl(file: FileRequest): string {
  try {
    return publicUrl(file.url)
  } catch {
    return 'a file of the list'
  }
}

/** The host of a file, to take turns. What is wrong with a URL is reported when the file begins. */
export function hostOf(file: FileRequest): string {
  try {
    return new URL(file.url).host
  } catch {
    return ''
  }
}
