// Which numbers the options take, and the one check of them: for the library, the command and the demo. Pure.

/** The least and the greatest whole number that is allowed. */
export interface NumberLimits {
  readonly least: number
  readonly most: number
  /** The name of the option whose value it must be less than, if it is `most` for that reason. */
  readonly below?: string
}

/** The options of `download()` that are numbers. */
export type NumberOption =
  | 'buffer'
  | 'connections'
  | 'segmentSize'
  | 'retries'
  | 'retryDelay'
  | 'maxRetryDelay'
  | 'connectTimeout'
  | 'stallTimeout'
  | 'maxRedirects'
  | 'limitRate'
  | 'minRate'
  | 'delay'

const DAY_MS = 24 * 60 * 60 * 1000
/** The largest buffer of Node.js 20. */
const MOST_BUFFERED_BYTES = 4 * 1024 ** 3
/** In a temporary file. */
const MOST_BYTES_ON_DISK = 1024 ** 4
const MOST_BYTES = Number.MAX_SAFE_INTEGER

/** Sizes in bytes, times in milliseconds. */
export const NUMBER_LIMITS: Readonly<Record<NumberOption, NumberLimits>> = {
  buffer: { least: 64 * 1024, most: MOST_BUFFERED_BYTES },
  connections: { least: 1, most: 64 },
  segmentSize: { least: 1, most: MOST_BYTES },
  retries: { least: 0, most: 1_000_000 },
  retryDelay: { least: 0, most: DAY_MS },
  maxRetryDelay: { least: 0, most: DAY_MS },
  connectTimeout: { least: 1, most: DAY_MS },
  stallTimeout: { least: 1, most: DAY_MS },
  maxRedirects: { least: 0, most: 1000 },
  limitRate: { least: 1, most: MOST_BYTES },
  minRate: { least: 1, most: MOST_BYTES - 1 },
  delay: { least: 0, most: DAY_MS },
}

/** Other options that the limits of a number depend on. */
export interface LimitContext {
  readonly limitRate?: number | undefined
  readonly bufferDirectory?: string | undefined
}

/** A `minRate` must be below the rate that is allowed, and a buffer on a disk may be larger. */
export function limitsOf(name: NumberOption, { limitRate, bufferDirectory }: LimitContext): NumberLimits {
  const limits = NUMBER_LIMITS[name]
  if (name === 'minRate' && limitRate !== undefined)
    return { ...limits, most: limitRate - 1, below: 'limitRate' }
  if (name === 'buffer' && bufferDirectory !== undefined) return { ...limits, most: MOST_BYTES_ON_DISK }
  return limits
}

/** The limits of the numbers that `downloadAll()` has beside those. */
export const BATCH_LIMITS: Readonly<Record<'parallel' | 'hostConnections', NumberLimits>> = {
  parallel: { least: 1, most: 64 },
  hostConnections: { least: 1, most: 256 },
}

/** What a number must be if other options leave it no value; null if they leave one. */
export function contradictionOf({ least, most, below }: NumberLimits): string | null {
  return most < least ? `at least ${least} and less than ${below}` : null
}

/** Why a number has its limits, as words after them; often none. */
export function reasonOf({ below }: NumberLimits): string {
  return below === undefined ? '' : `, less than ${below}`
}

/** Is `value` a whole number within `limits`? */
export function isWithin(value: unknown, { least, most }: NumberLimits): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
}
