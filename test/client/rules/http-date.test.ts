import t from 'tap'
import { parseHttpDate } from '#client/rules/http-date.js'
import { HTTP_DATES, NOT_HTTP_DATES, NOW, TWO_DIGIT_YEARS } from '../../support/http-date-cases.ts'

const MS_PER_SECOND = 1000

t.test('§5.6.7 a date in each of the three forms, in UTC', async (t) => {
  for (const { name, value, want } of HTTP_DATES) {
    t.equal(parseHttpDate(value, NOW * MS_PER_SECOND), want * MS_PER_SECOND, name)
  }
})

t.test('§5.6.7 a two-digit year is at most 50 years ahead', async (t) => {
  for (const { name, value, now, want } of TWO_DIGIT_YEARS) {
    const time = parseHttpDate(value, now * MS_PER_SECOND)
    t.equal(time !== null && new Date(time).getUTCFullYear(), want, name)
  }
})

t.test('a text in another form is not a date', async (t) => {
  for (const { name, value } of NOT_HTTP_DATES) {
    t.equal(parseHttpDate(value, NOW * MS_PER_SECOND), null, name)
  }
})

t.test('29 February of a two-digit year that had none in two centuries is not a date', async (t) => {
  t.equal(parseHttpDate('Tuesday, 29-Feb-99 00:00:00 GMT', NOW * MS_PER_SECOND), null)
})
