const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MONTH = `(${MONTHS.join('|')})`
const TIME = '(\\d{2}):(\\d{2}):(\\d{2})'
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const LONG_DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)'

// RFC 9110 §5.6.7: "HTTP-date is case sensitive". There are these three forms.
const IMF_FIXDATE = new RegExp(`^${DAY}, (\\d{2}) ${MONTH} (\\d{4}) ${TIME} GMT$`)
const RFC850_DATE = new RegExp(`^${LONG_DAY}, (\\d{2})-${MONTH}-(\\d{2}) ${TIME} GMT$`)
const ASCTIME_DATE = new RegExp(`^${DAY} ${MONTH} (\\d{2}| \\d) ${TIME} (\\d{4})$`)

const MAX_LENGTH = 'Wednesday, 06-Nov-94 08:49:37 GMT'.length
const MS_PER_SECOND = 1000
const LAST_SECOND = Date.UTC(9999, 11, 31, 23, 59, 59) / MS_PER_SECOND

/**
 * Reads an HTTP-date (RFC 9110 §5.6.7) in any of its three forms, always as UTC.
 *
 * @param value the field value
 * @param now seconds since the epoch; decides the century of a two-digit year
 * @returns whole seconds since the epoch; undefined if the value is not an HTTP-date
 */
export function parseHttpDate(value: string, now: number): number | undefined {
  if (value.length > MAX_LENGTH) return undefined
  const known = parsed.get(value)
  if (known !== undefined) return known
  const imf = IMF_FIXDATE.exec(value)
  if (imf !== null) return remembered(value, toSeconds([Number(imf[3]), imf[2], imf[1]], imf.slice(4)))
  const asctime = ASCTIME_DATE.exec(value)
  if (asctime !== null) return toSeconds([Number(asctime[6]), asctime[1], asctime[2]], asctime.slice(3))
  const rfc850 = RFC850_DATE.exec(value)
  if (rfc850 === null) return undefined
  const inYear = (year: number): number | undefined =>
    toSeconds([year, rfc850[2], rfc850[1]], rfc850.slice(4))
  // §5.6.7: "a timestamp that appears to be more than 50 years in the future" means "the most recent year in the
  // past that had the same last two digits". So it is the last such year that is not more than 50 years ahead.
  const horizon = new Date(now * MS_PER_SECOND)
  horizon.setUTCFullYear(horizon.getUTCFullYear() + 50)
  const year = lastYearEndingIn(Number(rfc850[3]), horizon.getUTCFullYear())
  const candidate = inYear(year)
  const tooFar = candidate === undefined || candidate * MS_PER_SECOND > horizon.getTime()
  return tooFar ? inYear(year - 100) : candidate
}

/** The dates that were read last. The same ones come again with each range of a file. */
const parsed = new Map<string, number>()
const MAX_PARSED = 16

function remembered(value: string, seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined
  if (parsed.size >= MAX_PARSED) parsed.clear()
  parsed.set(value, seconds)
  return seconds
}

function lastYearEndingIn(digits: number, limit: number): number {
  return limit - ((limit - digits) % 100)
}

type CalendarDay = readonly [year: number, month: string | undefined, day: string | undefined]

/** `time` starts with hour, minute and second. A day or time that does not exist gives undefined. */
function toSeconds([year, month = '', day = '']: CalendarDay, time: readonly string[]): number | undefined {
  const [hour = 0, minute = 0, second = 0] = time.slice(0, 3).map(Number)
  // 60 is the leap second of the grammar. It counts as the first second after it.
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, MONTHS.indexOf(month), Number(day))
  if (date.getUTCDate() !== Number(day)) return undefined
  date.setUTCHours(hour, minute, second)
  return date.getTime() / MS_PER_SECOND
}

let lastFormatted = { seconds: 0, text: 'Thu, 01 Jan 1970 00:00:00 GMT' }

/**
 * Writes an IMF-fixdate, the form that RFC 9110 §5.6.7 says a sender must generate.
 *
 * @param seconds whole seconds since the epoch
 * @returns undefined for a time before 1970 or after the year 9999
 */
export function formatHttpDate(seconds: number): string | undefined {
  if (seconds < 0 || seconds > LAST_SECOND) return undefined
  // The same file is often requested many times in a row, and Date is slow at this.
  if (seconds !== lastFormatted.seconds) {
    lastFormatted = { seconds, text: new Date(seconds * MS_PER_SECOND).toUTCString() }
  }
  return lastFormatted.text
}
