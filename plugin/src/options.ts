import type { EtagPolicy } from './files/file-options.ts'
import type { EncodedSlashes, TargetSpelling } from './rules/request-spelling.ts'
import type { Dotfiles } from './rules/resolve-path.ts'
import type { RangeSource } from './sources/source.ts'

/** What can be set for the plugin and overridden in each call of `reply.sendRange(path, options)`. */
export interface SendRangeOptions {
  /** The folder that paths are relative to and that nothing leads out of. Default: the working directory. */
  root?: string | URL
  /** Where representations come from instead of files below `root`. Default: files. */
  source?: RangeSource
  /** Paths with a segment that starts with a dot: 404, 403, or served. Default `'ignore'`. */
  dotfiles?: Dotfiles
  /** A file's ETag. Default `'stat'`. */
  etag?: EtagPolicy
  /** A file's Last-Modified, from the second after its mtime on. Default `'mtime'`. */
  lastModified?: 'mtime' | false
  /** The Cache-Control of 200, 206 and 304. Default: none is set. */
  cacheControl?: string
  /** The Content-Type, or a function of the path (undefined: as by default). Default: by the extension. */
  contentType?: string | ((path: string) => string | undefined)
  /** More fields for 200 and 206; none that an option above, the answer or its connection decides. Default: none. */
  headers?: Readonly<Record<string, string>>
  /** Content-Disposition: `true` takes the file name from the path, a string is the name. Default `false`. */
  download?: boolean | string
  /** `'none'` says so, answers every request whole, and lets a file grow meanwhile. Default `'bytes'`. */
  acceptRanges?: 'bytes' | 'none'
  /** A Range field with more ranges than this is ignored. Default 1000, minimum 1. */
  maxRanges?: number
  /** Ms without progress after which a client that does not take its bytes is cut. 0: never. Default 60000. */
  stallTimeout?: number
  /** Whether `%2F` in the request's path is refused (404) or data of a route parameter. Default `'refuse'`. */
  encodedSlashes?: EncodedSlashes
  /** Which spellings of the request's URL are served: `'check'`, `'exact'` or `'ignore'`. Default `'check'`. */
  targetSpelling?: TargetSpelling
}

/** Options of the registration. */
export interface RangePluginOptions extends SendRangeOptions {
  /** Descriptors of recently served files that are kept open, at most. 0: none. Default 256. */
  maxOpenFiles?: number
}

/** Options that stay undefined where a caller does not give them. */
type WithoutDefault = 'source' | 'cacheControl' | 'contentType'

/** Options with every default filled in. */
export type CompleteOptions = {
  readonly [Name in keyof RangePluginOptions]-?:
    | Exclude<RangePluginOptions[Name], undefined>
    | (Name extends WithoutDefault ? undefined : never)
}

/** What an answer is made with. The settings that each wing declares are a part of these. */
export interface Settings extends Omit<CompleteOptions, 'root'> {
  /** Absolute. */
  readonly root: string
}
