const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const DAYS = ['Mon', 'Tues', 'Wednes', 'Thurs', 'Fri', 'Satur', 'Sun']
const SHORT_DAY = `(?:${DAYS.map((day) => day.slice(0, 3)).join('|')})`
const LONG_DAY = `(?:${DAYS.join('|')})day`
const MONTH = `(?<month>${MONTHS.join('|')})`
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)'

// RFC 9110 §5.6.7: IMF-fixdate, rfc850-date and asctime-date, case-sensitive, always in UTC.
const FORMS = [
  `${SHORT_DAY}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT`,
  `${LONG_DAY}, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT`,
  `${SHORT_DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})`,
].map((form) => new RegExp(`^${form}$`))

type Parts = Readonly<Record<string, string>>

/** Milliseconds since the epoch, or null if `text` is not an HTTP-date. */
export function parseHttpDate(text: string, now: number = Date.now()): number | null {
  const parts = FORMS.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined)
  if (parts === undefined) return null
  const digits = String(parts['year'])
  const year = Number(digits)
  if (digits.length === 4) return timeIn(year, parts)
  // "Recipients of a timestamp value in rfc850-date format, which uses a two-digit year, MUST interpret a timestamp that
  // appears to be more than 50 years in the future as representing the most recent year in the past that had the same
  // last two digits."
  const horizon = new Date(now)
  const latestYear = horizon.getUTCFullYear() + 50
  horizon.setUTCFullYear(latestYear)
  const latest = latestYear - ((latestYear - year) % 100)
  const times = [latest, latest - 100].map((each) => timeIn(each, parts))
  return times.find((time) => time !== null && time <= horizon.getTime()) ?? null
}

/** Null for a day or a time of day that does not exist. Second 60 is a leap second. */
function timeIn(year: number, parts: Parts): number | null {
  const number = (name: string): number => Number(parts[name])
  if (number('hour') > 23 || number('minute') > 59 || number('second') > 60) return null
  const date = new Date(0)
  date.setUTCFullYear(year, MONTHS.indexOf(String(parts['month'])), number('day'))
  if (date.getUTCDate() !== number('day')) return null
  return date.setUTCHours(number('hour'), number('minute'), number('second'))
}
