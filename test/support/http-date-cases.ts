/** Thu, 19 Nov 2026 00:00:00 GMT. */
export const NOW = 1_795_046_400
/** The example of RFC 9110 §5.6.7. */
export const EXAMPLE = 784_111_777

/** A text, and the whole seconds since the epoch that it says. */
interface DateCase {
  readonly name: string
  readonly value: string
  readonly want: number
}

/** RFC 9110 §5.6.7: the three forms, all in UTC. */
export const HTTP_DATES: readonly DateCase[] = [
  { name: 'IMF-fixdate', value: 'Sun, 06 Nov 1994 08:49:37 GMT', want: EXAMPLE },
  { name: 'rfc850-date', value: 'Sunday, 06-Nov-94 08:49:37 GMT', want: EXAMPLE },
  {
    name: 'rfc850-date with the longest day-name',
    value: 'Wednesday, 06-Nov-91 08:49:37 GMT',
    want: EXAMPLE - 94_694_400,
  },
  { name: 'asctime-date', value: 'Sun Nov  6 08:49:37 1994', want: EXAMPLE },
  {
    name: 'asctime-date with a day of two digits',
    value: 'Wed Nov 16 08:49:37 1994',
    want: EXAMPLE + 864_000,
  },
  { name: 'asctime-date with a leading zero (2DIGIT)', value: 'Sun Nov 06 08:49:37 1994', want: EXAMPLE },
  { name: 'asctime-date in summer', value: 'Wed Jul  6 12:00:00 1994', want: 773_496_000 },
  {
    name: 'asctime-date in the hour that New York skips',
    value: 'Sun Apr  3 02:30:00 1994',
    want: 765_340_200,
  },
  { name: 'the epoch', value: 'Thu, 01 Jan 1970 00:00:00 GMT', want: 0 },
  { name: 'before the epoch', value: 'Wed, 31 Dec 1969 23:59:59 GMT', want: -1 },
  { name: 'year 0000', value: 'Sat, 01 Jan 0000 00:00:00 GMT', want: -62_167_219_200 },
  { name: 'year 0050 is not 1950', value: 'Sat, 01 Jan 0050 00:00:00 GMT', want: -60_589_296_000 },
  { name: 'year 9999', value: 'Fri, 31 Dec 9999 23:59:59 GMT', want: 253_402_300_799 },
  { name: 'past 2^31 seconds', value: 'Tue, 19 Jan 2038 03:14:08 GMT', want: 2_147_483_648 },
  { name: 'the last second of a day', value: 'Sun, 06 Nov 1994 23:59:59 GMT', want: 784_166_399 },
  { name: 'a leap day', value: 'Thu, 29 Feb 2024 00:00:00 GMT', want: 1_709_164_800 },
  { name: 'the leap day of a century by four', value: 'Tue, 29 Feb 2000 00:00:00 GMT', want: 951_782_400 },
  { name: 'a leap second', value: 'Sat, 31 Dec 2016 23:59:60 GMT', want: 1_483_228_800 },
  { name: 'a leap second in asctime', value: 'Sat Dec 31 23:59:60 2016', want: 1_483_228_800 },
]

/** A two-digit year, and the one that it means at a time. */
interface YearCase extends DateCase {
  /** Seconds since the epoch. */
  readonly now: number
}

const at = (iso: string): number => Date.parse(`${iso}Z`) / 1000

/** §5.6.7: "more than 50 years in the future" is the most recent past one. */
export const TWO_DIGIT_YEARS: readonly YearCase[] = [
  { name: 'this year', value: 'Thursday, 19-Nov-26 00:00:00 GMT', now: NOW, want: 2026 },
  { name: 'next year is future', value: 'Friday, 19-Nov-27 00:00:00 GMT', now: NOW, want: 2027 },
  { name: '49 years ahead is future', value: 'Tuesday, 19-Nov-75 00:00:00 GMT', now: NOW, want: 2075 },
  {
    name: 'exactly 50 years ahead is future',
    value: 'Thursday, 19-Nov-76 00:00:00 GMT',
    now: NOW,
    want: 2076,
  },
  {
    name: '50 years and a second ahead is past',
    value: 'Friday, 19-Nov-76 00:00:01 GMT',
    now: NOW,
    want: 1976,
  },
  { name: '51 years ahead is past', value: 'Saturday, 19-Nov-77 00:00:00 GMT', now: NOW, want: 1977 },
  { name: '94', value: 'Sunday, 06-Nov-94 08:49:37 GMT', now: NOW, want: 1994 },
  {
    name: '99 in 1999',
    value: 'Friday, 31-Dec-99 00:00:00 GMT',
    now: at('1999-06-01T00:00:00'),
    want: 1999,
  },
  {
    name: '00 in 1999 is half a year off',
    value: 'Saturday, 01-Jan-00 00:00:00 GMT',
    now: at('1999-06-01T00:00:00'),
    want: 2000,
  },
  {
    name: '99 in 2001',
    value: 'Friday, 31-Dec-99 00:00:00 GMT',
    now: at('2001-06-01T00:00:00'),
    want: 1999,
  },
  {
    name: '50 in 1999 is more than 50 years off',
    value: 'Saturday, 01-Jan-50 00:00:00 GMT',
    now: at('1999-06-01T00:00:00'),
    want: 1950,
  },
  {
    name: 'a leap day that the year 2100 does not have',
    value: 'Tuesday, 29-Feb-00 00:00:00 GMT',
    now: at('2060-06-01T00:00:00'),
    want: 2000,
  },
  { name: 'a leap day of the past', value: 'Monday, 29-Feb-88 00:00:00 GMT', now: NOW, want: 1988 },
]

/** What is not an HTTP-date. */
export const NOT_HTTP_DATES: readonly { readonly name: string; readonly value: string }[] = [
  { name: 'nothing', value: '' },
  { name: 'an ISO 8601 date', value: '1994-11-06T08:49:37Z' },
  { name: 'an ISO 8601 day', value: '1994-11-06' },
  { name: 'a bare year', value: '1994' },
  { name: 'a number of seconds', value: '784111777' },
  { name: 'zero', value: '0' },
  { name: 'another time zone', value: 'Sun, 06 Nov 1994 08:49:37 EST' },
  { name: 'an offset', value: 'Sun, 06 Nov 1994 08:49:37 +0000' },
  { name: 'UTC for GMT', value: 'Sun, 06 Nov 1994 08:49:37 UTC' },
  { name: 'GMT and an offset', value: 'Sun, 06 Nov 1994 08:49:37 GMT+1' },
  { name: 'no zone in IMF-fixdate', value: 'Sun, 06 Nov 1994 08:49:37' },
  { name: 'a zone in asctime', value: 'Sun Nov  6 08:49:37 1994 GMT' },
  { name: 'no day-name', value: '06 Nov 1994 08:49:37 GMT' },
  { name: 'a day-name that is not one', value: 'Xyz, 06 Nov 1994 08:49:37 GMT' },
  { name: 'a long day-name in IMF-fixdate', value: 'Sunday, 06 Nov 1994 08:49:37 GMT' },
  { name: 'a short day-name in rfc850-date', value: 'Sun, 06-Nov-94 08:49:37 GMT' },
  { name: 'four digits of year in rfc850-date', value: 'Sunday, 06-Nov-1994 08:49:37 GMT' },
  { name: 'two digits of year in IMF-fixdate', value: 'Sun, 06 Nov 94 08:49:37 GMT' },
  { name: 'a day of one digit', value: 'Sun, 6 Nov 1994 08:49:37 GMT' },
  { name: 'a day of one digit without its second SP', value: 'Sun Nov 6 08:49:37 1994' },
  { name: 'a long month', value: 'Sun, 06 November 1994 08:49:37 GMT' },
  { name: 'a month that is not one', value: 'Sun, 06 Nox 1994 08:49:37 GMT' },
  { name: 'a month by number', value: 'Sun, 06 11 1994 08:49:37 GMT' },
  { name: 'upper case', value: 'SUN, 06 NOV 1994 08:49:37 GMT' },
  { name: 'lower case', value: 'sun, 06 nov 1994 08:49:37 gmt' },
  { name: 'day 00', value: 'Sun, 00 Nov 1994 08:49:37 GMT' },
  { name: 'day 31 of a short month', value: 'Thu, 31 Nov 1994 08:49:37 GMT' },
  { name: 'day 32', value: 'Sun, 32 Oct 1994 08:49:37 GMT' },
  { name: '30 February', value: 'Fri, 30 Feb 2024 08:49:37 GMT' },
  { name: '29 February of a common year', value: 'Wed, 29 Feb 2023 08:49:37 GMT' },
  { name: '29 February of 1900', value: 'Thu, 29 Feb 1900 08:49:37 GMT' },
  { name: 'hour 24', value: 'Sun, 06 Nov 1994 24:00:00 GMT' },
  { name: 'minute 60', value: 'Sun, 06 Nov 1994 08:60:00 GMT' },
  { name: 'second 61', value: 'Sun, 06 Nov 1994 08:49:61 GMT' },
  { name: 'no seconds', value: 'Sun, 06 Nov 1994 08:49 GMT' },
  { name: 'fractions of seconds', value: 'Sun, 06 Nov 1994 08:49:37.5 GMT' },
  { name: 'an hour of one digit', value: 'Sun, 06 Nov 1994 8:49:37 GMT' },
  { name: 'two SP', value: 'Sun,  06 Nov 1994 08:49:37 GMT' },
  { name: 'a HTAB for a SP', value: 'Sun,\t06 Nov 1994 08:49:37 GMT' },
  { name: 'no comma', value: 'Sun 06 Nov 1994 08:49:37 GMT' },
  { name: 'leading whitespace', value: ' Sun, 06 Nov 1994 08:49:37 GMT' },
  { name: 'trailing whitespace', value: 'Sun, 06 Nov 1994 08:49:37 GMT ' },
  { name: 'a trailing line feed', value: 'Sun, 06 Nov 1994 08:49:37 GMT\n' },
  { name: 'trailing text', value: 'Sun, 06 Nov 1994 08:49:37 GMT; length=5' },
  { name: 'a list of dates', value: 'Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT' },
  { name: 'quotes', value: '"Sun, 06 Nov 1994 08:49:37 GMT"' },
  { name: 'full-width digits', value: 'Sun, ０6 Nov 1994 08:49:37 GMT' },
  { name: 'a sign before the year', value: 'Sun, 06 Nov +994 08:49:37 GMT' },
  { name: 'a hundred thousand digits', value: '1'.repeat(100_000) },
]
