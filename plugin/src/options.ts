import type { EndListener } from './events.ts'
import type { EtagPolicy, PrecompressedOption } from './files/file-options.ts'
import type { NotFoundFunction } from './response/fall-through.ts'
import type { HeadersFunction } from './response/made-headers.ts'
import type { CacheControl } from './rules/cache-control.ts'
import type { HandOver } from './rules/hand-over.ts'
import type { Dotfiles } from './rules/resolve-path.ts'
import type { EncodedSlashes, TargetSpelling } from './rules/target-spelling.ts'
import type { RangeSource } from './sources/source.ts'

/** What can be set for the plugin and overridden in each call of `reply.sendRange(path, options)`. */
export interface SendRangeOptions {
  /** The folder that paths are relative to. No path leads out of it. Default: the working directory. */
  root?: string | URL
  /** Where representations come from instead of files below `root`. Default: files. */
  source?: RangeSource
  /** Paths with a segment that starts with a dot: 404, 403, or served. Default `'ignore'`. */
  dotfiles?: Dotfiles | undefined
  /** A file's ETag. Default `'stat'`. */
  etag?: EtagPolicy | undefined
  /** Compressed files beside a file (`.zst`, `.br`, `.gz`), sent to clients that accept them. Default `false`. */
  precompressed?: PrecompressedOption | undefined
  /** A file's Last-Modified, sent once the second of its mtime is over. Default `'mtime'`. */
  lastModified?: 'mtime' | false | undefined
  /** The Cache-Control of 200, 206 and 304, as a text or by its directives. Default: none is set. */
  cacheControl?: string | CacheControl | undefined
  /** The Content-Type, or a function of the path (undefined: the default). Default: by the extension. */
  contentType?: string | ((path: string) => string | undefined) | undefined
  /**
   * More fields for 200 and 206, or a function of the file that makes them, except those of another option, the answer
   * or its connection. Default: none.
   */
  headers?: Readonly<Record<string, string>> | HeadersFunction | undefined
  /** Content-Disposition: `true` takes the file name from the path, a string is the name. Default `false`. */
  download?: boolean | string | undefined
  /** `'none'`: every request gets the whole file, which may grow while it is sent. Default `'bytes'`. */
  acceptRanges?: 'bytes' | 'none' | undefined
  /**
   * The Repr-Digest of files: if the client asks for it, or always, with sha-256. A long file is hashed in the background, so
   * its first answers have none. `'wanted'` also sends a Content-Digest if the client asks for it. Default `'wanted'`.
   */
  digest?: 'wanted' | 'always' | false | undefined
  /** Whether checksums in `NAME.sha256` and `SHA256SUMS` beside a file are believed. Default `'ignore'`. */
  checksumFiles?: 'ignore' | 'believe' | undefined
  /** A Range field with more ranges than this is ignored. Default 1000, minimum 1. */
  maxRanges?: number | undefined
  /** Ms without progress after which a client that takes no bytes is cut. 0: never. Default 60000. */
  stallTimeout?: number | undefined
  /** `%2F` in the request's path: refused (404), or data of a route parameter. Default `'refuse'`. */
  encodedSlashes?: EncodedSlashes | undefined
  /** Which spellings of the request's URL are served: `'check'`, `'exact'` or `'ignore'`. Default `'check'`. */
  targetSpelling?: TargetSpelling | undefined
  /**
   * The file that is served for a folder, under a URL that ends in a slash; the URL without it is redirected. Default
   * `false`: none.
   */
  index?: string | false | undefined
  /** Extensions that are tried, in order, where no file is: `['.html']` serves `/a.html` as `/a`. Default: none. */
  extensions?: readonly string[] | undefined
  /** Answers for what is not there (404), instead of the not-found handler. Default: the not-found handler. */
  onNotFound?: NotFoundFunction | undefined
  /** Called once when the response is over, with what the channels publish. Default: nothing is called. */
  onEnd?: EndListener | undefined
  /** The server in front sends the bytes of a file, after every check: nginx or Apache. Default `false`. */
  handOver?: HandOver | false | undefined
}

/** Options of the registration. */
export interface RangePluginOptions extends SendRangeOptions {
  /** The most descriptors of recently served files that stay open. 0: none. Default 2048. */
  maxOpenFiles?: number | undefined
}

/** Options that stay undefined if they are not given. */
type WithoutDefault = 'source' | 'cacheControl' | 'contentType' | 'onNotFound' | 'onEnd'

/** Options with every default filled in. */
export type CompleteOptions = {
  readonly [Name in keyof RangePluginOptions]-?:
    | Exclude<RangePluginOptions[Name], undefined>
    | (Name extends WithoutDefault ? undefined : never)
}

/** The options of one answer, complete. The settings that each wing declares are a part of these. */
export interface Settings extends Omit<CompleteOptions, 'root' | 'cacheControl'> {
  /** Absolute. */
  readonly root: string
  /** As it is sent. */
  readonly cacheControl: string | undefined
}
