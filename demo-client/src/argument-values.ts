// The values of a command line: numbers, sizes, header fields, URLs. Pure.
import { DownloadError } from './errors.ts'

/** Header fields written `Name: value`. @throws DownloadError `ERR_DOWNLOAD_USAGE`, as all here do */
export function headersFrom(lines: readonly string[]): [string, string][] {
  return lines.map((line) => {
    const colon = line.indexOf(':')
    if (colon < 1) throw usage("a header field is written 'Name: value'")
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
  })
}

/** The value of the option `name`, a whole number. */
export function integer(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw usage(`--${name} takes a whole number, not "${text}"`)
  return Number.parseInt(text, 10)
}

/** The value of the option `name`, a number of seconds that may have a fraction. */
export function decimal(name: string, text: string): number {
  if (!/^\d{1,9}(\.\d+)?$/.test(text)) throw usage(`--${name} takes a number of seconds, not "${text}"`)
  return Number.parseFloat(text)
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/** The value of the option `name`, in bytes: `4`, `64k`, `8M`, `1.5G`, with powers of 1024. */
export function sizeOf(name: string, text: string): number {
  const match = /^(\d{1,15}(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text)
  const size = Math.floor(
    Number.parseFloat(match?.[1] ?? '0') * (UNITS[match?.[2]?.toLowerCase() ?? ''] ?? 1),
  )
  if (match === null || size < 1) throw usage(`--${name} takes a size such as 4, 64k or 8M, not "${text}"`)
  return size
}

/** A URL; a host may come without a scheme, as people type it. */
export function withScheme(text: string): string {
  const url = text.trim()
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `http://${url}`
}

/** What is wrong with the command line, and where to look. */
export function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${message} (--help shows the options)`)
}
