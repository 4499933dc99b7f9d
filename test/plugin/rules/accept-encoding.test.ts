import t from 'tap'
import { acceptedCodings, PRECOMPRESSIONS, type Precompression } from '#plugin/rules/accept-encoding.js'

interface Row {
  /** In the words of RFC 9110. */
  readonly name: string
  readonly field: string | undefined
  /** What the file is stored in; all three by default. */
  readonly stored?: readonly Precompression[]
  readonly expected: string
}

const ROWS: readonly Row[] = [
  // §12.5.3
  {
    name: 'no field: any content coding is considered acceptable',
    field: undefined,
    expected: 'identity zstd br gzip',
  },
  {
    name: 'an empty field: the user agent does not want any content coding',
    field: '',
    expected: 'identity',
  },
  { name: 'a coding that is listed is acceptable', field: 'gzip', expected: 'gzip identity' },
  { name: 'unless it is accompanied by a qvalue of 0', field: 'gzip;q=0', expected: 'identity' },
  { name: 'a qvalue of 0.000 is 0', field: 'br;q=0.000, gzip', expected: 'gzip identity' },
  { name: 'a qvalue of 0. is 0', field: 'br;q=0., gzip', expected: 'gzip identity' },
  { name: '* matches any coding not explicitly listed', field: '*', expected: 'zstd br gzip identity' },
  { name: '* does not match one that is listed', field: 'gzip;q=0, *', expected: 'zstd br identity' },
  { name: '*;q=0 excludes identity', field: '*;q=0', expected: '' },
  { name: '*;q=0 excludes what is not listed', field: 'br, *;q=0', expected: 'br' },
  {
    name: 'unless there is a more specific entry for identity',
    field: '*;q=0, identity',
    expected: 'identity',
  },
  { name: 'identity;q=0 excludes identity', field: 'identity;q=0', expected: '' },
  { name: 'identity;q=0 beside a coding', field: 'identity;q=0, gzip', expected: 'gzip' },
  { name: 'a coding that no file is stored in', field: 'deflate', expected: 'identity' },
  { name: 'a coding that this file is not stored in', field: 'br', stored: ['gzip'], expected: 'identity' },
  {
    name: 'the highest non-zero qvalue is preferred',
    field: 'zstd;q=0.1, br;q=0.001, gzip',
    expected: 'gzip zstd br identity',
  },
  { name: 'three decimals are compared', field: 'br;q=0.998, gzip;q=0.999', expected: 'gzip br identity' },
  {
    name: 'equal qvalues: in the order of the server',
    field: 'gzip, br, zstd',
    expected: 'zstd br gzip identity',
  },
  {
    name: 'equal qvalues: in the order of the option',
    field: 'gzip, br',
    stored: ['gzip', 'br'],
    expected: 'gzip br identity',
  },
  { name: 'identity with a higher qvalue', field: 'gzip;q=0.5, identity', expected: 'identity gzip' },
  { name: 'identity with the same qvalue', field: 'identity, gzip', expected: 'gzip identity' },
  { name: 'identity that is not listed comes last', field: 'gzip;q=0.001', expected: 'gzip identity' },
  { name: 'identity by *', field: '*;q=0.5, gzip;q=0.1', expected: 'zstd br identity gzip' },
  { name: 'the fields of browsers', field: 'gzip, deflate, br, zstd', expected: 'zstd br gzip identity' },
  { name: 'the example of the RFC', field: 'compress;q=0.5, gzip;q=1.0', expected: 'gzip identity' },
  {
    name: 'the other example of the RFC',
    field: 'gzip;q=1.0, identity; q=0.5, *;q=0',
    expected: 'gzip identity',
  },
  // §8.4.1
  { name: 'all content codings are case-insensitive', field: 'GZip, BR;q=0', expected: 'gzip identity' },
  { name: 'x-gzip is equivalent to gzip', field: 'x-gzip', expected: 'gzip identity' },
  { name: 'x-gzip;q=0 too', field: 'x-gzip;q=0, *', expected: 'zstd br identity' },
  // §12.4.2 and §5.6.1
  { name: 'the name of a weight is case-insensitive', field: 'gzip;Q=0, br;Q=0.5', expected: 'br identity' },
  { name: 'whitespace around a weight', field: ' gzip \t;\t q=0 ,\tbr ', expected: 'br identity' },
  { name: 'empty elements of a list', field: ',, gzip ,,', expected: 'gzip identity' },
  // What is not in the grammar lists nothing.
  { name: 'a qvalue above 1', field: 'gzip;q=2, br', expected: 'br identity' },
  { name: 'a qvalue of 1.001', field: 'gzip;q=1.001, br', expected: 'br identity' },
  { name: 'a qvalue of four decimals', field: 'gzip;q=0.1234, br', expected: 'br identity' },
  { name: 'a negative qvalue', field: 'gzip;q=-1, br', expected: 'br identity' },
  { name: 'a qvalue that is not a number', field: 'gzip;q=high, br', expected: 'br identity' },
  { name: 'an empty qvalue', field: 'gzip;q=, br', expected: 'br identity' },
  { name: 'another parameter', field: 'gzip;level=9, br', expected: 'br identity' },
  { name: 'two weights', field: 'gzip;q=1;q=0, br', expected: 'br identity' },
  { name: 'whitespace in a weight', field: 'gzip;q = 1, br', expected: 'br identity' },
  { name: 'two codings without a comma', field: 'gzip br', expected: 'identity' },
  { name: 'a broken identity excludes nothing', field: 'identity;q=x', expected: 'identity' },
  // The RFC does not say. The file itself is never wrong.
  {
    name: 'a coding that is listed twice has the lower weight',
    field: 'gzip;q=0, gzip, br',
    expected: 'br identity',
  },
  { name: 'the other way around', field: 'gzip, br, gzip;q=0', expected: 'br identity' },
]

for (const { name, field, stored = PRECOMPRESSIONS, expected } of ROWS) {
  t.test(`RFC 9110 §12.5.3, ${name} (${field})`, async (t) => {
    t.equal(acceptedCodings(field, stored).join(' '), expected)
  })
}

t.test('a field of any length is read in one pass', async (t) => {
  const field = `gzip${' '.repeat(200_000)};${'\t'.repeat(200_000)}q=0x,${' '.repeat(200_000)}br`
  t.equal(acceptedCodings(field, ['br', 'gzip']).join(' '), 'br identity')
})
