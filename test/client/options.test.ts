// The options of download(): their types, their defaults, and how two numbers depend on each other.
import { expectTypeOf } from 'expect-type'
import type { SegmentReport } from 'range-get'
import t from 'tap'
import type { AnyOptions } from '#client/download-options.js'
import { type Settings, settingsOf } from '#client/options.js'
import type { ExpectedDigest } from '#client/rules/digest.js'
import type { NumberOption } from '#client/text/option-limits.js'

type NumbersOf<T> = { [Name in keyof T]-?: NonNullable<T[Name]> extends number ? Name : never }[keyof T]

t.test('the settings have every option, and null only where an option has no default', async (t) => {
  expectTypeOf<keyof Settings>().toEqualTypeOf<keyof AnyOptions>()
  expectTypeOf<Settings['connections']>().toEqualTypeOf<number>()
  expectTypeOf<Settings['segmentSize']>().toEqualTypeOf<number | null>()
  expectTypeOf<Settings['existing']>().toEqualTypeOf<'refuse' | 'replace' | 'update'>()
  expectTypeOf<Settings['resumeKey']>().toEqualTypeOf<string | null>()
  expectTypeOf<Settings['signal']>().toEqualTypeOf<AbortSignal | null>()
  expectTypeOf<Settings['onSegment']>().toEqualTypeOf<
    ((report: SegmentReport) => void | PromiseLike<void>) | null
  >()
  // @ts-expect-error settings are not changed once they are read
  const change = (settings: Settings): number => (settings.retries = 1)
  t.equal(typeof change, 'function')
})

t.test('headers and checksum are kept in the form in which they are used', async (t) => {
  expectTypeOf<Settings['headers']>().toEqualTypeOf<Readonly<Record<string, string>>>()
  expectTypeOf<Settings['checksum']>().toEqualTypeOf<ExpectedDigest | null>()
  t.strictSame(settingsOf({ headers: [['X-A', 'b']] }).headers, { 'x-a': 'b' })
})

t.test('every option that is a number has limits', async (t) => {
  expectTypeOf<NumbersOf<AnyOptions>>().toEqualTypeOf<NumberOption>()
  t.pass('checked by the compiler')
})

t.test('an option that does not exist is named in the error, with the nearest one that does', async (t) => {
  for (const [name, message] of [
    ['conections', 'there is no option "conections"; did you mean "connections"?'],
    ['max-redirects', 'there is no option "max-redirects"; did you mean "maxRedirects"?'],
    ['Overwrite', 'there is no option "Overwrite"'],
    ['a\nb', 'there is no option "a\\nb"'],
    ['', 'there is no option ""'],
  ] as const)
    t.throws(() => settingsOf({ [name]: 4 }), { code: 'ERR_DOWNLOAD_USAGE', message }, message)
})

t.test('minRate must be below limitRate', async (t) => {
  t.match(settingsOf({ limitRate: 10, minRate: 9 }), { limitRate: 10, minRate: 9 })
  t.equal(settingsOf({ minRate: Number.MAX_SAFE_INTEGER - 1 }).minRate, Number.MAX_SAFE_INTEGER - 1)
  t.throws(() => settingsOf({ limitRate: 10, minRate: 10 }), {
    code: 'ERR_DOWNLOAD_USAGE',
    message: 'minRate must be a whole number from 1 to 9, less than limitRate, not 10',
  })
  t.throws(() => settingsOf({ limitRate: 1, minRate: 1 }), {
    code: 'ERR_DOWNLOAD_USAGE',
    message: 'minRate must be a whole number at least 1 and less than limitRate, not 1',
  })
})

t.test('a buffer on a disk may be larger than one in memory', async (t) => {
  const buffer = 1024 ** 4
  t.match(settingsOf({ buffer, bufferDirectory: '/srv' }), { buffer, bufferDirectory: '/srv' })
  t.throws(() => settingsOf({ buffer }), {
    code: 'ERR_DOWNLOAD_USAGE',
    message: 'buffer must be a whole number from 65536 to 4294967296, not 1099511627776',
  })
  for (const bufferDirectory of ['', 'a\0b'])
    t.throws(() => settingsOf({ bufferDirectory }), {
      code: 'ERR_DOWNLOAD_USAGE',
      message: 'bufferDirectory is not a name of a directory',
    })
})

t.test('a wrong value is named in the error, with what is allowed', async (t) => {
  for (const [options, message] of [
    [{ connections: '4' as unknown as number }, 'connections must be a whole number from 1 to 64, not "4"'],
    [{ connections: 65 }, 'connections must be a whole number from 1 to 64, not 65'],
    [{ html: 'x' as 'accept' }, 'html must be one of refuse, accept, not "x"'],
    [
      { modified: {} as unknown as 'now' },
      'modified must be one of now, server, not a value of another type',
    ],
  ] as const)
    t.throws(() => settingsOf(options), { code: 'ERR_DOWNLOAD_USAGE', message }, message)
})
