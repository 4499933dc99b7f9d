import { language, text } from './texts.js'

const grouped = new Intl.NumberFormat(language)
const oneDecimal = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const MEBIBYTE = 1024 * 1024

/** 1234567 → 1,234,567 */
export function count(number) {
  return grouped.format(number)
}

/** A number of bytes. From 1 MiB on, in MiB. */
export function bytes(number) {
  return number < MEBIBYTE ? text('bytes', { n: number }) : `${oneDecimal.format(number / MEBIBYTE)} MiB`
}

/** Seconds as 0:07 or 12:30. */
export function clock(seconds) {
  const whole = Math.ceil(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
