// HTTP-date, RFC 9110 §5.6.7, in its three forms, always in UTC.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const IMF_FIXDATE = /^\w{3}, (?<d>\d{2}) (?<m>\w{3}) (?<y>\d{4}) (?<h>\d{2}):(?<i>\d{2}):(?<s>\d{2}) GMT$/
const RFC850 = /^\w{6,9}, (?<d>\d{2})-(?<m>\w{3})-(?<y>\d{2}) (?<h>\d{2}):(?<i>\d{2}):(?<s>\d{2}) GMT$/
const ASCTIME = /^\w{3} (?<m>\w{3}) (?<d>[ \d]\d) (?<h>\d{2}):(?<i>\d{2}):(?<s>\d{2}) (?<y>\d{4})$/

// RFC 9110 §5.6.7: "Recipients of a timestamp value in rfc850-date format, which uses a two-digit year,
// MUST interpret a timestamp that appears to be more than 50 years in the future as representing the most
// recent year in the past that had the same last two digits."
function fullYear(digits: string, now: number): number {
  const year = Number.parseInt(digits, 10)
  if (digits.length === 4) return year
  const thisYear = new Date(now).getUTCFullYear()
  const candidate = thisYear - (thisYear % 100) + year
  return candidate > thisYear + 50 ? candidate - 100 : candidate
}

/** Milliseconds since the epoch, or null where `text` is no valid HTTP-date. */
export function parseHttpDate(text: string, now: number = Date.now()): number | null {
  const parts = (IMF_FIXDATE.exec(text) ?? RFC850.exec(text) ?? ASCTIME.exec(text))?.groups
  if (parts === undefined) return null
  const { d = '', m = '', y = '', h = '', i = '', s = '' } = parts
  const month = MONTHS.indexOf(m)
  // The day of asctime may begin with a blank.
  const [day, hour, minute, second] = [Number(d), Number(h), Number(i), Number(s)]
  if (month < 0 || day < 1 || hour > 23 || minute > 59 || second > 60) return null
  const date = new Date(0)
  date.setUTCFullYear(fullYear(y, now), month, day)
  if (date.getUTCDate() !== day) return null
  return date.setUTCHours(hour, minute, second, 0)
}
