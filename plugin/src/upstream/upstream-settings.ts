import type { OutgoingRequest } from './exchange.ts'

/** At once, or later if a function of the application makes it. */
export type Awaitable<T> = T | Promise<T>

/** Where an object is: the URL for the next request; undefined if there is nothing under the path. */
export type Locate = (path: string, version: string | undefined) => Awaitable<URL | undefined>

/** The settings that `httpSource` and `s3Source` have in common, complete. */
export interface UpstreamSettings {
  readonly headers: Readonly<Record<string, string>>
  readonly forbidden: 'absent' | 'error'
  readonly fields: readonly string[]
  readonly maxConnections: number
  readonly queueTimeout: number
  readonly connectTimeout: number
  readonly responseTimeout: number
  readonly stallTimeout: number
  readonly retries: number
  readonly parkAfter: number
}

/** How the requests of one source are made. */
export interface RequestForm {
  readonly locate: Locate
  /** The fields to send, from those of the request. */
  readonly sign: (request: OutgoingRequest) => Awaitable<Readonly<Record<string, string>>>
  /**
   * Whether a request can be signed with something else than what the store has refused. Undefined: it is always signed
   * with the same.
   */
  readonly renew?: (refused: OutgoingRequest['headers']) => Promise<boolean>
  /** Whether `locate` makes another URL for a version that is named by its id. */
  readonly namesVersions: boolean
  /** Whether a server knows ranges whose 200 has no Accept-Ranges. Every S3 store does, and Swift does not say it. */
  readonly withoutAcceptRanges: 'bytes' | 'none'
  /** What an answer without an ETag is. Every S3 store sends one: it is a page of something before the store. */
  readonly withoutTag: 'served' | 'refused'
}
