import fc, { type Arbitrary } from 'fast-check'

const POSITIONS = [
  '0',
  '1',
  '5',
  '007',
  '9007199254740991',
  '9007199254740993',
  '18446744073709551616',
  '9'.repeat(40),
]
const SEPARATORS = [',', ', ', ' ,', '\t,\t', ',,', ', ,']
const UNITS = [
  'bytes=',
  'bytes=',
  'bytes=',
  'Bytes=',
  'BYTES=',
  'items=',
  'byte=',
  'bytes',
  '=',
  'bytes =',
  'bytes= ',
  'bytes=\t ',
]
const ALPHABET = [
  ...'0123456789-,= \tbB',
  'bytes=',
  '--',
  ',,',
  '00',
  'x',
  'W/"',
  '.',
  '+',
  '/',
  '*',
  '\u00a0',
  'é',
]

const position = fc.oneof(
  { weight: 8, arbitrary: fc.nat({ max: 60 }).map(String) },
  { weight: 1, arbitrary: fc.constantFrom(...POSITIONS) },
)

const spec = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.tuple(position, fc.nat({ max: 15 })).map(([a, n]) => `${a}-${BigInt(a) + BigInt(n)}`),
  },
  { weight: 2, arbitrary: fc.tuple(position, position).map(([a, b]) => `${a}-${b}`) },
  { weight: 2, arbitrary: position.map((a) => `${a}-`) },
  { weight: 2, arbitrary: position.map((a) => `-${a}`) },
  { weight: 1, arbitrary: fc.constantFrom('', '-', '5', 'x-4', '0-4x', '0--1', '0-1-2') },
)

const wellFormed = fc
  .tuple(
    fc.constantFrom(...UNITS),
    fc.array(fc.tuple(spec, fc.constantFrom(...SEPARATORS)), { minLength: 1, maxLength: 7 }),
    fc.boolean(),
  )
  .map(([unit, specs, trailing]) => {
    const list = specs.map(([text, separator], index) => (index === 0 ? text : separator + text)).join('')
    return unit + list + (trailing ? ',' : '')
  })

interface Edit {
  readonly at: number
  readonly remove: number
  readonly insert: string
}

const edit: Arbitrary<Edit> = fc.record({
  at: fc.nat({ max: 40 }),
  remove: fc.nat({ max: 2 }),
  insert: fc.oneof(fc.constant(''), fc.constantFrom(...ALPHABET)),
})

function applyEdit(text: string, { at, remove, insert }: Edit): string {
  const from = at % (text.length + 1)
  return text.slice(0, from) + insert + text.slice(from + remove)
}

/** Range field values, without surrounding whitespace: most well-formed, half of them with a few characters changed. */
export const rangeHeaders: Arbitrary<string> = fc
  .tuple(wellFormed, fc.array(edit, { maxLength: 3 }))
  .map(([text, edits]) => edits.reduce(applyEdit, text).replace(/^[\t ]+|[\t ]+$/g, ''))

/** A failure prints its seed: give it as RANGE_SEED to see that run again. */
export const seed = Number(process.env['RANGE_SEED'] ?? Date.now() % 2 ** 31)
