// The values of a command line: numbers, sizes, header fields, URLs. Pure.
import { DownloadError } from '../errors.ts'
import { isWithin, type NumberLimits } from './option-limits.ts'

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

/** The value in ms of the option `name`, written in seconds, which may have a fraction. `limits` in ms. */
export function durationMs(name: string, text: string, limits: NumberLimits): number {
  const value = /^\d{1,9}(\.\d+)?$/.test(text) ? Math.round(Number.parseFloat(text) * 1000) : Number.NaN
  if (isWithin(value, limits)) return value
  const range = `from ${limits.least / 1000} to ${limits.most / 1000}`
  throw usage(`--${name} takes a number of seconds ${range}, not "${text}"`)
}

const UNITS: readonly string[] = ['', 'k', 'm', 'g', 't']

/** The value of the option `name`, in bytes: `4`, `64k`, `8M`, `1.5G`, with powers of 1024. */
export function sizeOf(name: string, text: string, limits: NumberLimits): number {
  const [, number = '0', unit = ''] = /^(\d{1,15}(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text) ?? []
  const size = Math.floor(Number.parseFloat(number) * 1024 ** UNITS.indexOf(unit.toLowerCase()))
  if (isWithin(size, limits)) return size
  throw usage(`--${name} takes a size such as 4, 64k or 8M, not "${text}"`)
}

/** A URL. People may type a host without a scheme. */
export function withScheme(text: string): string {
  const url = text.trim()
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
}

/** The error for a wrong command line. */
export function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${message} (--help shows the options)`)
}
