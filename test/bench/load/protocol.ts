/** How requests are sent: HTTP/1.1, the same over TLS, or HTTP/2 over TLS. */
export type Transport = 'http' | 'https' | 'h2'

/** Which Range field a request carries. Positions and lengths in bytes. */
export type Ranges =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly first: number; readonly length: number }
  /** Each request asks for a different position in a file of this size. */
  | { readonly kind: 'random'; readonly length: number; readonly size: number }
  /** This many parts at equal distances, in one field. */
  | { readonly kind: 'parts'; readonly count: number; readonly length: number; readonly size: number }

/** The requests of one measurement. Each connection sends the next request as soon as it has its answer. */
export interface Load {
  readonly transport: Transport
  readonly port: number
  readonly path: string
  /** Files that are asked for in turn, whose paths are this path and a number from 0. Undefined: one, at the path. */
  readonly files?: number | undefined
  readonly connections: number
  readonly ranges: Ranges
  readonly headers: Readonly<Record<string, string>>
  /** Every answer must have this status and exactly this many bytes of content. */
  readonly expected: { readonly status: number; readonly length: number }
  /** After this time no new request is sent. Current ones may finish. */
  readonly durationMs: number
}

/** The result of a load. */
export interface LoadResult {
  readonly answers: number
  /** From the first request to the last answer. */
  readonly wallMs: number
  /** The time from request to last byte of each answer, ascending. At most some tens of thousands. */
  readonly latenciesMs: readonly number[]
}

/** Clients that ask for a file, read some of it and then stop reading. */
export interface Stall {
  readonly port: number
  readonly path: string
  readonly connections: number
  /** The Range field. Undefined asks for the whole file. */
  readonly range?: string | undefined
  /** Bytes after which a client stops reading. */
  readonly readBytes: number
}

/** Clients that read a file again and again, beside a load. */
export interface Readers {
  readonly port: number
  readonly path: string
  /** Of the file. */
  readonly bytes: number
  readonly connections: number
  /** Of each. Undefined: as fast as they can. */
  readonly bytesPerSecond?: number | undefined
}

/** What readers have read. */
export interface ReadersResult {
  readonly bytes: number
  readonly wallMs: number
}

/** To the generator. It replies `done` to `go`, `read` to `unread`, and `ready` to the others. */
export type Order =
  | { readonly kind: 'load'; readonly load: Load }
  | { readonly kind: 'go' }
  | { readonly kind: 'stall'; readonly stall: Stall }
  | { readonly kind: 'release' }
  | { readonly kind: 'read'; readonly readers: Readers }
  /** Counts the bytes of the readers from now on. */
  | { readonly kind: 'count' }
  /** Stops the readers. */
  | { readonly kind: 'unread' }

/** From the generator. `failed` means that an answer was wrong or a connection broke. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly result: LoadResult }
  | { readonly kind: 'read'; readonly result: ReadersResult }
  | { readonly kind: 'failed'; readonly message: string }
