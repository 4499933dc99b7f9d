// The arguments of a download, and its parts that a test can replace.
import type { Destination } from './disk/destination.ts'
import type { PathHolder } from './disk/taken-paths.ts'
import type { AnyOptions } from './download-options.ts'
import type { Clock } from './files/direct-writes.ts'
import type { HttpClient } from './http/answer.ts'
import type { SecretsScope } from './http/target.ts'
import type { Settings } from './options.ts'
import type { RateLimit } from './rules/rate-limit.ts'
import type { DescriptorOutput } from './stream/descriptor-output.ts'
import type { OutputStream } from './stream/open-output.ts'
import type { Warnings } from './text/warnings.ts'

/** The arguments of `download()`. */
export interface DownloadRequest {
  readonly url: string | URL
  readonly destination: Destination | OutputStream | DescriptorOutput
  readonly options: AnyOptions
}

/** What a test can replace. */
export interface DownloadParts {
  /** Makes the transport, and warns of what is not safe. */
  readonly createClient: (settings: Settings, warnings: Warnings) => HttpClient
  /** Measures whether bytes come fast. */
  readonly clock: Clock
  /** The limit that several downloads share, or null. */
  readonly rateLimit: RateLimit | null
  /** Which origin gets the caller's secrets. */
  readonly secrets: SecretsScope
  /** Called with the number of new bytes of each chunk. */
  readonly onBytes: (bytes: number) => void
  /** Keeps the other downloads of a batch from the path of this one. */
  readonly holder: PathHolder
}
