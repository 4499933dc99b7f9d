import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Given, type OptionRows, oneOf, wholeNumber } from '../option-row-types.ts'
import { PRECOMPRESSIONS, type Precompression } from '../rules/accept-encoding.ts'
import type { Dotfiles } from '../rules/resolve-path.ts'
import type { EtagFunction } from './etag-function.ts'

/**
 * Where entity-tags come from: `stat` (strong, from what the file system says about the content), `content`
 * (strong, a SHA-256 of the bytes, the same on every machine), a function, or none.
 */
export type EtagPolicy = 'stat' | 'content' | EtagFunction | false

/** Which compressed files beside a file are looked for: all, none, or those of some codings, the preferred one first. */
export type PrecompressedOption = boolean | readonly Precompression[]

/** What can be set for a `fileSource`. */
export interface FileSourceOptions {
  /** The folder that paths are relative to and that nothing leads out of. Default: the working directory. */
  readonly root?: string | URL | undefined
  /** Paths with a segment that starts with a dot: 404, 403, or served. Default `'ignore'`. */
  readonly dotfiles?: Dotfiles | undefined
  /** A file's ETag. Default `'stat'`. */
  readonly etag?: EtagPolicy | undefined
  /** `'none'` says so, answers every request whole, and lets a file grow while it is sent. Default `'bytes'`. */
  readonly acceptRanges?: 'bytes' | 'none' | undefined
  /** Compressed files beside a file (`.zst`, `.br`, `.gz`) that are sent in its place. Default `false`: none. */
  readonly precompressed?: PrecompressedOption | undefined
  /**
   * Whether lists of checksums beside a file (`NAME.sha256`, `NAME.sha512`, `SHA256SUMS`, `SHA512SUMS`) are believed for
   * its Repr-Digest if they are newer than the file. Otherwise the file is hashed. Default `'ignore'`.
   */
  readonly checksumFiles?: 'ignore' | 'believe' | undefined
  /** Descriptors of recently served files that are kept open, at most. 0: none. Default 2048. */
  readonly maxOpenFiles?: number | undefined
}

/** Options with every default filled in. */
export type CompleteFileOptions = Required<Given<FileSourceOptions>>

/** What a file is opened by. */
export interface FilePolicy
  extends Pick<
    CompleteFileOptions,
    'dotfiles' | 'etag' | 'acceptRanges' | 'precompressed' | 'checksumFiles'
  > {
  /** Absolute. */
  readonly root: string
}

/** Every option that is about files, by its name. */
export const FILE_OPTION_TABLE: OptionRows<CompleteFileOptions> = {
  root: { defaultValue: '.', isValid: isRoot, kind: 'a path or a file: URL' },
  dotfiles: oneOf('ignore', 'deny', 'allow'),
  etag: {
    defaultValue: 'stat',
    isValid: (value) => ['stat', 'content', false].includes(value as string) || typeof value === 'function',
    kind: "'stat', 'content', a function or false",
  },
  acceptRanges: oneOf('bytes', 'none'),
  precompressed: {
    defaultValue: false,
    isValid: (value) => typeof value === 'boolean' || (Array.isArray(value) && value.every(isPrecompression)),
    kind: `a boolean or an array of ${PRECOMPRESSIONS.map((coding) => `'${coding}'`).join(', ')}`,
  },
  checksumFiles: oneOf('ignore', 'believe'),
  maxOpenFiles: wholeNumber({ defaultValue: 2048, of: 'files', min: 0, max: Number.MAX_SAFE_INTEGER }),
}

function isPrecompression(value: unknown): boolean {
  return PRECOMPRESSIONS.some((coding) => coding === value)
}

function isRoot(value: unknown): boolean {
  const path = value instanceof URL ? pathOfUrl(value) : value
  return typeof path === 'string' && path !== '' && !path.includes('\0')
}

function pathOfUrl(url: URL): string | undefined {
  try {
    return fileURLToPath(url)
  } catch {
    return undefined
  }
}

/** The absolute path of a root. */
export function absoluteRoot(root: string | URL): string {
  return resolve(root instanceof URL ? fileURLToPath(root) : root)
}
