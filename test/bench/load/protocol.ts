/** Which Range field a request carries. Positions and lengths in bytes. */
export type Ranges =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly first: number; readonly length: number }
  /** Each request another place in a file of this size. */
  | { readonly kind: 'random'; readonly length: number; readonly size: number }
  /** So many parts, equally far apart, in one field. */
  | { readonly kind: 'parts'; readonly count: number; readonly length: number; readonly size: number }

/** One measurement's worth of requests: each connection asks again as soon as it has its answer. */
export interface Load {
  readonly port: number
  readonly path: string
  readonly connections: number
  readonly ranges: Ranges
  readonly headers: Readonly<Record<string, string>>
  /** Every answer must have this status and exactly this many bytes of content. */
  readonly expected: { readonly status: number; readonly length: number }
  /** After this time no new request is made; those under way are waited for. */
  readonly durationMs: number
}

/** What a load came to. */
export interface LoadResult {
  readonly answers: number
  /** From the first request to the last answer. */
  readonly wallMs: number
  /** Of each answer, from its request to its last byte, ascending, at most some tens of thousands of them. */
  readonly latenciesMs: readonly number[]
}

/** Clients that ask for a file, read some of it and then read no more. */
export interface Stall {
  readonly port: number
  readonly path: string
  readonly connections: number
  /** The Range field; undefined: none, and the whole is sent. */
  readonly range?: string | undefined
  /** Bytes after which a client stops reading. */
  readonly readBytes: number
}

/** To the generator. After `load` comes `ready`, after `go` comes `done`; after `stall` and `release` also `ready`. */
export type Order =
  | { readonly kind: 'load'; readonly load: Load }
  | { readonly kind: 'go' }
  | { readonly kind: 'stall'; readonly stall: Stall }
  | { readonly kind: 'release' }

/** From the generator. `failed`: an answer was wrong, or a connection broke. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly message: string }
