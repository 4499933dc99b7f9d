import t from 'tap'
import { type Decision, decide, type Selected } from '#plugin/rules/decision.js'
import { type Answer, answerOf, type ConditionalRequest, type Facts } from './support/precondition-oracle.ts'

const MODIFIED = 784_111_777

const TAGS = {
  '*': '*',
  'strong-match': '"x", "v1"',
  'weak-match': 'W/"v1"',
  other: '"v1,", "v2"',
  garbage: 'v1',
}
const DATES = {
  earlier: 'Sunday, 06-Nov-94 08:49:36 GMT',
  same: 'Sun Nov  6 08:49:37 1994',
  later: 'Sun, 06 Nov 1994 08:49:38 GMT',
  garbage: '1994-11-06T08:49:37Z',
}
const IF_RANGES = { 'strong-match': '"v1"', 'weak-match': 'W/"v1"', other: '"v2"', garbage: 'v1' }
const RANGES = { satisfiable: 'bytes=0-4', unsatisfiable: 'bytes=100-', malformed: 'bytes=4-0' }

const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS'] as const
const TAG_FIELDS = ['absent', '*', 'strong-match', 'weak-match', 'other', 'garbage'] as const
const DATE_FIELDS = ['absent', 'earlier', 'same', 'later', 'garbage'] as const
const IF_RANGE_FIELDS = [
  'absent',
  'strong-match',
  'weak-match',
  'other',
  'garbage',
  'earlier',
  'same',
  'later',
] as const
const RANGE_FIELDS = ['absent', 'satisfiable', 'unsatisfiable', 'malformed'] as const
const FACTS = (['strong', 'weak', 'none'] as const).flatMap((tag) => [
  { tag, dated: true },
  { tag, dated: false },
])

const STATUS: Readonly<Record<Decision['kind'], Answer>> = {
  full: 200,
  partial: 206,
  multipart: 206,
  'not-modified': 304,
  'precondition-failed': 412,
  unsatisfiable: 416,
}

function decided(request: ConditionalRequest, facts: Facts): Answer {
  const value = (fields: Readonly<Record<string, string>>, name: string): string | undefined => fields[name]
  const selected: Selected = {
    size: 100,
    acceptRanges: 'bytes',
    etag: facts.tag === 'none' ? undefined : { strength: facts.tag, opaque: 'v1' },
    lastModified: facts.dated ? MODIFIED : undefined,
    now: MODIFIED + 60,
  }
  const conditions = {
    ifMatch: value(TAGS, request.ifMatch),
    ifUnmodifiedSince: value(DATES, request.ifUnmodifiedSince),
    ifNoneMatch: value(TAGS, request.ifNoneMatch),
    ifModifiedSince: value(DATES, request.ifModifiedSince),
    ifRange: value({ ...DATES, ...IF_RANGES }, request.ifRange),
  }
  const asked = { method: request.method, conditions, range: value(RANGES, request.range) }
  return STATUS[decide(asked, selected, { maxRanges: 10, partType: () => undefined }).kind]
}

function* everyRequest(): Generator<ConditionalRequest> {
  for (const method of METHODS)
    for (const ifMatch of TAG_FIELDS)
      for (const ifUnmodifiedSince of DATE_FIELDS)
        for (const ifNoneMatch of TAG_FIELDS)
          for (const ifModifiedSince of DATE_FIELDS)
            for (const ifRange of IF_RANGE_FIELDS)
              for (const range of RANGE_FIELDS)
                yield { method, ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince, ifRange, range }
}

t.test('§13.2.2 every combination of fields is decided as the oracle says', async (t) => {
  const wrong: object[] = []
  const seen = new Map<Answer, number>()
  for (const facts of FACTS) {
    for (const request of everyRequest()) {
      const want = answerOf(request, facts)
      seen.set(want, (seen.get(want) ?? 0) + 1)
      const got = decided(request, facts)
      if (got !== want) wrong.push({ ...request, ...facts, got, want })
    }
  }
  t.strictSame(wrong.slice(0, 5), [], `${wrong.length} wrong`)
  t.strictSame([...seen.keys()].sort(), [200, 206, 304, 412, 416])
  t.equal(
    [...seen.values()].reduce((sum, count) => sum + count, 0),
    6 * 115_200,
  )
})
