import t from 'tap'
import { parseEntityTags } from '#plugin/rules/entity-tag.js'
import { parseHttpDate } from '#plugin/rules/http-date.js'
import { parseRangeSet, selectRanges } from '#plugin/rules/range-set.js'

/**
 * Runs `action` and counts the characters that it had looked at: each method of strings that the pure modules use says
 * what it reads. Not a clock: the same count on every machine.
 */
function charactersRead(action: () => void): number {
  let count = 0
  const methods = ['charCodeAt', 'slice', 'indexOf', 'includes', 'startsWith', 'toLowerCase'] as const
  const prototype = String.prototype as unknown as Record<string, (...args: unknown[]) => unknown>
  const originals = methods.map((name) => [name, prototype[name]] as const)
  for (const [name, original] of originals) {
    prototype[name] = function counted(this: string, ...args: unknown[]): unknown {
      const result = original?.apply(this, args)
      count += workOf(name, this.length, args, result)
      return result
    }
  }
  try {
    action()
  } finally {
    for (const [name, original] of originals) if (original !== undefined) prototype[name] = original
  }
  return count
}

function workOf(name: string, length: number, args: readonly unknown[], result: unknown): number {
  if (name === 'slice') return (result as string).length || 1
  if (name === 'indexOf') return (result === -1 ? length : Number(result)) - Number(args[1] ?? 0) + 1
  if (name === 'includes' || name === 'toLowerCase') return length
  return 1
}

t.test('a field of twice the length takes at most twice the work', async (t) => {
  const tag = '"0123456789"'
  const cases: { name: string; field: (n: number) => string; read: (field: string) => void }[] = [
    { name: 'ranges', field: (n) => `bytes=${'1-2,'.repeat(n)}`, read: parse },
    {
      name: 'ranges up to the limit and on',
      field: (n) => `bytes=${'1-2,'.repeat(n)}`,
      read: (f) => parseRangeSet(f, 100),
    },
    { name: 'commas', field: (n) => `bytes=${','.repeat(n)}`, read: parse },
    { name: 'spaces', field: (n) => `bytes=0-1${' '.repeat(n)}`, read: parse },
    { name: 'spaces before nothing', field: (n) => `bytes=${' '.repeat(n)}`, read: parse },
    { name: 'spaces and commas', field: (n) => `bytes=0-1${' ,'.repeat(n)}x`, read: parse },
    { name: 'digits', field: (n) => `bytes=${'1'.repeat(n)}`, read: parse },
    { name: 'digits and no hyphen, often', field: (n) => `bytes=${'1,'.repeat(n)}`, read: parse },
    { name: 'a long first-pos', field: (n) => `bytes=${'1'.repeat(n)}-`, read: parse },
    { name: 'two long positions', field: (n) => `bytes=${'1'.repeat(n)}-${'2'.repeat(n)}`, read: parse },
    {
      name: 'two long positions of zeros',
      field: (n) => `bytes=${'0'.repeat(n)}-${'0'.repeat(n)}`,
      read: parse,
    },
    { name: 'hyphens', field: (n) => `bytes=${'-'.repeat(n)}`, read: parse },
    { name: 'a long unit', field: (n) => `${'b'.repeat(n)}=0-1`, read: parse },
    { name: 'no equals sign', field: (n) => 'b'.repeat(n), read: parse },
    { name: 'tags', field: (n) => `${tag},`.repeat(n), read: (f) => parseEntityTags(f) },
    { name: 'open quotes', field: (n) => 'W/"'.repeat(n), read: (f) => parseEntityTags(f) },
    { name: 'one long tag', field: (n) => `"${'a'.repeat(n)}`, read: (f) => parseEntityTags(f) },
    {
      name: 'commas and spaces in a list of tags',
      field: (n) => ', '.repeat(n),
      read: (f) => parseEntityTags(f),
    },
    { name: 'spaces behind a tag', field: (n) => `${tag}${' '.repeat(n)}x`, read: (f) => parseEntityTags(f) },
    { name: 'a long date', field: (n) => `Sun, ${'0'.repeat(n)}`, read: (f) => parseHttpDate(f, 0) },
  ]
  for (const { name, field, read } of cases) {
    const once = charactersRead(() => read(field(1000)))
    const twice = charactersRead(() => read(field(2000)))
    t.ok(twice <= 2 * once + 50, `${name}: ${once}, then ${twice}`)
  }
})

/** Selects single bytes at these positions, and counts how often two of them are compared by a sort. */
function comparisons(positions: readonly number[]): number {
  const specs = positions.map((position) => ({ kind: 'int-range', first: position, last: position }) as const)
  const { sort } = Array.prototype
  let compared = 0
  Array.prototype.sort = function counted<T>(this: T[], compare: (a: T, b: T) => number): T[] {
    return sort.call(this, (a: T, b: T) => {
      compared++
      return compare(a, b)
    }) as T[]
  }
  try {
    selectRanges(specs, 1_000_000)
  } finally {
    Array.prototype.sort = sort
  }
  return compared
}

t.test('the ranges of a set are sorted once, not compared pair by pair', async (t) => {
  const count = 1000
  const compared = comparisons(Array.from({ length: count }, (_, index) => ((index * 7919) % count) * 3))
  t.ok(compared <= 2 * count * Math.log2(count) * 1.1, `${compared} comparisons`)
})

t.test('ranges that ascend with gaps between them are not sorted', async (t) => {
  t.equal(comparisons([0, 2, 4, 600]), 0)
})

function parse(field: string): void {
  parseRangeSet(field, Number.MAX_SAFE_INTEGER)
}
