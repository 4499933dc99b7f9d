// What the connections of a download share.
import type { ByteStore } from '../disk/byte-store.ts'
import type { Answer, HttpClient } from '../http/answer.ts'
import type { ExpectedDigest } from '../rules/digest.ts'
import type { RateLimit } from '../rules/rate-limit.ts'
import type { MirrorTags } from '../rules/same-file.ts'
import type { Validators } from '../rules/validators.ts'
import type { Trust } from '../rules/vouched.ts'
import type { PaceSettings } from '../schedule/pace.ts'
import type { SchedulePolicy } from '../schedule/schedule-policy.ts'
import type { SegmentReport } from './segment-report.ts'
import type { Servers } from './servers.ts'

/** The options that a transfer needs. Times in ms. */
export interface TransferSettings extends SchedulePolicy, PaceSettings {
  readonly retryDelay: number
  readonly stallTimeout: number
  readonly maxRetryDelay: number
  /** Wait between two segments of one connection. */
  readonly delay: number
  /** The digest that the file must have, or null. */
  readonly checksum: ExpectedDigest | null
  /** Is an HTML page accepted in place of another kind of file? */
  readonly html: 'refuse' | 'accept'
  /** What equal entity-tags of two servers mean. */
  readonly mirrorTags: MirrorTags
}

/** What a transfer works with, and what it reports to. */
export interface TransferContext {
  readonly settings: TransferSettings
  readonly store: ByteStore
  readonly client: HttpClient
  /** The limit that several downloads share, or null. */
  readonly rateLimit: RateLimit | null
  readonly servers: Servers
  /** The file name that the caller chose, or null. */
  readonly outputName: string | null
  /** `'whole'`: one stream, no ranges. */
  readonly mode: 'ranges' | 'whole'
  /** Whether answers may be joined by the digest of the caller, or by what redirects say. */
  readonly trust: Trust
  /** Called before the first byte of a new version, and of a resumed one. May refuse it by throwing. */
  readonly onVersion: (validators: Validators, answer: Answer) => Promise<void>
  /** Called with the number of new bytes of each chunk. */
  readonly onBytes: (bytes: number) => void
  /** May end the transfer by throwing. */
  readonly onSegment: (report: SegmentReport) => void
  /** Called when a state has changed that progress shows. */
  readonly onChange: () => void
}
