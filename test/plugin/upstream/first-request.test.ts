import type { KnownVersion, Wanted } from 'fastify-send-range'
import t from 'tap'
import { firstRange, isUnsatisfiable, rangeAfterUnsatisfiable } from '#plugin/upstream/first-request.js'
import { NearRanges } from '#plugin/upstream/near-ranges.js'

const FIRST_BYTE = [0, 0]
const far = { first: 5_000_000, last: 5_000_009 }

interface Row {
  readonly name: string
  readonly wanted?: Wanted
  /** What is wanted of the version that is known. */
  readonly exactly?: Wanted
  readonly size?: number
  /** Undefined: the whole. */
  readonly first: readonly number[] | undefined
}

const ROWS: readonly Row[] = [
  { name: 'nobody says what is wanted', first: FIRST_BYTE },
  { name: 'only the head', wanted: { kind: 'head' }, first: FIRST_BYTE },
  { name: 'the whole', wanted: { kind: 'whole' }, first: undefined },
  { name: 'anything of an object that was empty', wanted: { kind: 'head' }, size: 0, first: undefined },
  { name: 'a range', wanted: { kind: 'range', first: 3, last: 9 }, first: [3, 9] },
  {
    name: 'a range that is open at its end',
    wanted: { kind: 'range', first: 3 },
    first: [3, Number.MAX_SAFE_INTEGER],
  },
  {
    name: 'a range whose end is no exact number',
    wanted: { kind: 'range', first: 3, last: 2 ** 60 },
    first: [3, Number.MAX_SAFE_INTEGER],
  },
  { name: 'the last bytes', wanted: { kind: 'suffix', length: 4 }, first: FIRST_BYTE },
  { name: 'the last bytes of a size', wanted: { kind: 'suffix', length: 4 }, size: 10, first: [6, 9] },
  { name: 'more than all bytes', wanted: { kind: 'suffix', length: 40 }, size: 10, first: [0, 9] },
  { name: 'the last 0 bytes', wanted: { kind: 'suffix', length: 0 }, size: 10, first: FIRST_BYTE },
  { name: 'several ranges that are not known', wanted: { kind: 'several' }, first: FIRST_BYTE },
  { name: 'no range of several', wanted: { kind: 'several', ranges: [] }, first: FIRST_BYTE },
  {
    name: 'several ranges that are near',
    wanted: { kind: 'several', ranges: [{ first: 5, last: 6 }, { first: 9, last: 12 }, far] },
    first: [5, 12],
  },
  {
    name: 'several ranges that are far from each other',
    wanted: { kind: 'several', ranges: [{ first: 5, last: 6 }, far] },
    first: [5, 6],
  },
  {
    name: 'less than the request says, of a known version',
    wanted: { kind: 'whole' },
    exactly: { kind: 'range', first: 1, last: 2 },
    size: 10,
    first: [1, 2],
  },
  {
    name: 'what is not known of a known version',
    wanted: { kind: 'range', first: 1, last: 2 },
    size: 10,
    first: [1, 2],
  },
]

for (const { name, wanted, exactly, size, first } of ROWS) {
  t.test(`the first request for ${name} is ${first?.join('-') ?? 'for the whole'}`, async (t) => {
    const known: KnownVersion | undefined = size === undefined ? undefined : { size }
    const range = firstRange({ wanted, wantedOf: () => exactly }, known, new NearRanges())
    t.strictSame(range && [range.first, range.last], first)
  })
}

t.test('after a range without bytes, the first byte says what the object is', async (t) => {
  const asked = { first: 5, last: 9 }
  t.strictSame(rangeAfterUnsatisfiable(asked, undefined), { first: 0, last: 0 })
  t.strictSame(rangeAfterUnsatisfiable(asked, 5), { first: 0, last: 0 })
  t.equal(rangeAfterUnsatisfiable(asked, 0), undefined, 'nothing is there')
  t.equal(
    rangeAfterUnsatisfiable({ first: 0, last: 9 }, undefined),
    undefined,
    'its whole says whether it is empty',
  )
})

t.test('an answer is a 416 if nothing is wanted of a size, and the request wants bytes', async (t) => {
  const wantedOf = ({ size }: KnownVersion): Wanted => ({ kind: size < 10 ? 'head' : 'whole' })
  const wanted = { kind: 'range', first: 10 } as const
  t.ok(isUnsatisfiable({ wanted, wantedOf }, 9))
  t.notOk(isUnsatisfiable({ wanted, wantedOf }, 10))
  t.notOk(isUnsatisfiable({ wanted, wantedOf }, undefined))
  t.notOk(isUnsatisfiable({ wanted }, 9))
  t.notOk(isUnsatisfiable({ wantedOf }, 9))
  t.notOk(isUnsatisfiable({ wanted: { kind: 'head' }, wantedOf }, 9))
})
