import t from 'tap'
import { formatHttpDate, parseHttpDate } from '#plugin/rules/http-date.js'
import { EXAMPLE, HTTP_DATES, NOT_HTTP_DATES, NOW, TWO_DIGIT_YEARS } from '../../support/http-date-cases.ts'

// Before any other date: the last one written is kept.
t.test('the first date that a process formats is not taken from the cache', async (t) => {
  t.equal(formatHttpDate(1), 'Thu, 01 Jan 1970 00:00:01 GMT')
  t.equal(formatHttpDate(0), 'Thu, 01 Jan 1970 00:00:00 GMT')
})

t.test('§5.6.7 dates in all three forms are read as UTC', async (t) => {
  for (const { name, value, want } of HTTP_DATES) t.equal(parseHttpDate(value, NOW), want, name)
})

t.test('§5.6.7 a two-digit year more than 50 years in the future is in the past', async (t) => {
  for (const { name, value, now, want } of TWO_DIGIT_YEARS) {
    const seconds = parseHttpDate(value, now)
    t.equal(seconds !== undefined && new Date(seconds * 1000).getUTCFullYear(), want, name)
  }
})

t.test('a text that is not an HTTP-date is refused', async (t) => {
  for (const { name, value } of NOT_HTTP_DATES) t.equal(parseHttpDate(value, NOW), undefined, name)
})

t.test('a date is read again as it was read first, whatever comes between', async (t) => {
  const dates = Array.from({ length: 40 }, (_, day) => EXAMPLE + day * 86_400)
  for (const between of [1, 7, 40])
    for (let at = 0; at < 200; at++) {
      const seconds = dates[at % between] as number
      const value = String(formatHttpDate(seconds))
      if (parseHttpDate(value, NOW) !== seconds) t.fail(value)
    }
  for (const { value } of NOT_HTTP_DATES.slice(0, 5)) {
    t.equal(parseHttpDate(value, NOW), undefined, value)
    t.equal(parseHttpDate(value, NOW), undefined, `${value}, again`)
  }
})

t.test('a date is sent as an IMF-fixdate', async (t) => {
  t.equal(formatHttpDate(EXAMPLE), 'Sun, 06 Nov 1994 08:49:37 GMT')
  t.equal(formatHttpDate(0), 'Thu, 01 Jan 1970 00:00:00 GMT')
  t.equal(formatHttpDate(253_402_300_799), 'Fri, 31 Dec 9999 23:59:59 GMT')
  t.equal(formatHttpDate(253_402_300_800), undefined, 'the year 10000 has no date')
  t.equal(formatHttpDate(-1), undefined, 'a time before the epoch has no date')
})

t.test('every day of 400 years is read back as it was written', async (t) => {
  const day = 86_400
  const wrong: number[] = []
  for (let seconds = 0; seconds < 146_097 * day; seconds += day) {
    if (parseHttpDate(String(formatHttpDate(seconds)), NOW) !== seconds) wrong.push(seconds)
  }
  t.strictSame(wrong, [])
})
