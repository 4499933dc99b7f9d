import { evaluatePreconditions } from '#plugin/rules/preconditions.js'
import { parseRangeSet, selectRanges } from '#plugin/rules/range-set.js'
import { spreadOf } from '../report/statistics.ts'
import type { Table } from '../report/table.ts'

/** Lengths of a field in bytes. The longest is Node's limit for a whole head. */
const LENGTHS = [1, 2, 4, 8, 16, 32, 64].map((times) => times * 250)
const ROUNDS = 5
const BYTES_PER_ROUND = 2_000_000
const NS_PER_MS = 1e6
const ONE_GIB = 1024 ** 3
/** High enough that the longest set is parsed to its end. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

interface Shape {
  readonly name: string
  /** A field value of about this many bytes. */
  make(length: number): string
  run(value: string): unknown
}

const OTHER_TAG = { strength: 'strong', opaque: 'other' } as const
const validators = { etag: OTHER_TAG, lastModified: 1_700_000_000, now: 1_800_000_000 }

const shapes: readonly Shape[] = [
  { name: 'Range: ascending', make: (length) => ranges(length, (index) => index * 1000), run: select },
  {
    name: 'Range: descending',
    make: (length) => ranges(length, (index) => ONE_GIB - index * 1000),
    run: select,
  },
  { name: 'Range: overlapping', make: (length) => ranges(length, (index) => index), run: select },
  { name: 'Range: one long number', make: (length) => `bytes=${'9'.repeat(length - 7)}-`, run: select },
  {
    name: 'Range: empty elements',
    make: (length) => `bytes=${', '.repeat((length - 9) / 2)}0-1`,
    run: select,
  },
  {
    name: 'If-None-Match: many tags',
    make: (length) => filled(length, (index) => `"tag-${index}"`),
    run: (ifNoneMatch) => evaluatePreconditions('GET', { ifNoneMatch }, validators),
  },
  {
    name: 'If-Match: one long tag',
    make: (length) => `"${'x'.repeat(length - 2)}"`,
    run: (ifMatch) => evaluatePreconditions('GET', { ifMatch }, validators),
  },
]

/** Times parsing, selecting and deciding for longer and longer fields. Linear work costs the same for each byte. */
export function measurePureModules(): Table {
  return {
    title: 'Pure modules: ns for each byte of the field',
    columns: ['bytes', ...LENGTHS.map(String)],
    rows: shapes.map((shape) => [
      shape.name,
      ...LENGTHS.map((length) => nanoseconds(shape, length).toFixed(2)),
    ]),
    notes: [`The least of ${ROUNDS} rounds. Fixed costs weigh on short fields.`],
  }
}

function nanoseconds({ make, run }: Shape, length: number): number {
  const value = make(length)
  const times = Math.ceil(BYTES_PER_ROUND / value.length)
  const figures: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now()
    for (let time = 0; time < times; time++) run(value)
    // The first round is a warm-up.
    if (round > 0) figures.push(((performance.now() - start) * NS_PER_MS) / (times * value.length))
  }
  return spreadOf(figures).least
}

function select(range: string): unknown {
  const parsed = parseRangeSet(range, NO_LIMIT)
  return parsed.kind === 'range-set' ? selectRanges(parsed.specs, ONE_GIB) : parsed
}

function ranges(length: number, first: (index: number) => number): string {
  return `bytes=${filled(length - 6, (index) => `${first(index)}-${first(index) + 1}`)}`
}

/** As many elements, separated by commas, as fit into the length. */
function filled(length: number, element: (index: number) => string): string {
  let value = element(0)
  for (let index = 1; ; index++) {
    const longer = `${value},${element(index)}`
    if (longer.length > length) return value
    value = longer
  }
}
