// The values of a command line: numbers, sizes, header fields, URLs. Pure.
import { DownloadError } from '../errors.ts'
import { contradictionOf, isWithin, type NumberLimits, reasonOf } from './option-limits.ts'

/** Header fields written `Name: value`. @throws DownloadError `ERR_DOWNLOAD_USAGE`, as all here do */
export function headersFrom(lines: readonly string[]): [string, string][] {
  return lines.map((line) => {
    const colon = line.indexOf(':')
    if (colon < 1) throw usage("a header field is written 'Name: value'")
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  })
}

/** The value of the option `name`, a whole number. */
export function integer(name: string, text: string, limits: NumberLimits): number {
  const value = /^\d{1,15}$/.test(text) ? Number.parseInt(text, 10) : Number.NaN
  if (isWithin(value, limits)) return value
  throw usage(`--${name} takes a whole number from ${limits.least} to ${limits.most}, not "${text}"`)
}

/** Units of times, and what each is in ms. */
const TIME_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** How the times of an option are read. */
export interface TimeRules {
  /** In ms. */
  readonly limits: NumberLimits
  /** What a number without a unit counts. */
  readonly bareUnit: 'ms' | 's'
}

/** The value in ms of the option `name`: `500ms`, `1.5s`, `2m`, `1h`, or a number alone. */
export function durationMs(name: string, text: string, { limits, bareUnit }: TimeRules): number {
  const [, number = '', unit = bareUnit] = /^(\d{1,9}(?:\.\d+)?)(ms|s|m|h)?$/i.exec(text) ?? []
  const ms = TIME_UNITS[unit.toLowerCase() as keyof typeof TIME_UNITS]
  const value = Math.round(Number.parseFloat(number) * ms)
  if (isWithin(value, limits)) return value
  const range = `from ${inUnits(limits.least)} to ${inUnits(limits.most)}`
  const bare = bareUnit === 's' ? 'seconds' : 'milliseconds'
  throw usage(
    `--${name} takes a time ${range}, such as 500ms, 2s or 1m (a number alone: ${bare}), not "${text}"`,
  )
}

/** A time in the largest unit that divides it: `1ms`, `24h`. */
function inUnits(time: number): string {
  let shown = '0'
  for (const [unit, ms] of Object.entries(TIME_UNITS))
    if (time > 0 && time % ms === 0) shown = `${time / ms}${unit}`
  return shown
}

const UNITS: readonly string[] = ['', 'k', 'm', 'g', 't']

/** The value of the option `name`, in bytes: `4`, `64k`, `8M`, `1.5G`, with powers of 1024. */
export function sizeOf(name: string, text: string, limits: NumberLimits): number {
  const [, number = '0', unit = ''] = /^(\d{1,16}(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  const size = Math.floor(Number.parseFloat(number) * 1024 ** UNITS.indexOf(unit.toLowerCase()))
  if (isWithin(size, limits)) return size
  const contradiction = contradictionOf(limits)
  if (contradiction !== null) throw usage(`--${name} must be ${contradiction}, not "${text}"`)
  const range = `${limits.least} to ${limits.most} bytes${reasonOf(limits)}`
  throw usage(`--${name} takes ${range}${examplesOf(limits)}, not "${text}"`)
}

const EXAMPLES: readonly (readonly [text: string, bytes: number])[] = [
  ['4', 4],
  ['64k', 64 * 1024],
  ['8M', 8 * 1024 ** 2],
]

/** Sizes that are within the limits, as words after them. */
function examplesOf(limits: NumberLimits): string {
  const allowed = EXAMPLES.filter(([, bytes]) => isWithin(bytes, limits)).map(([text]) => text)
  if (allowed.length === 0) return ''
  return `, such as ${allowed.join(', ').replace(/, (?=[^,]+$)/, ' or ')}`
}

/** A URL. People may type a host without a scheme. A path is no URL: `new URL('http:///a')` would have the host `a`. */
export function withScheme(text: string): string {
  const url = text.trim()
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|[/\\])/i.test(url) ? url : `http://${url}`
}

/** The error for a wrong command line. */
export function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${message} (--help shows the options)`)
}
