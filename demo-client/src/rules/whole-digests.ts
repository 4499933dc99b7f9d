// The digests of the whole file in the fields of one answer.
import { type Digests, parseDigests } from './digest.ts'
import { type FieldLines, list } from './field-lines.ts'
import { olderDigests } from './older-digests.ts'

/** What an answer says. `'contradiction'`: two digests of one algorithm differ, so the file cannot have both. */
export type WholeDigests =
  | { readonly kind: 'digests'; readonly digests: Digests }
  | { readonly kind: 'contradiction'; readonly algorithm: string }

/**
 * The digests of the whole file, in the head or the trailers of an answer.
 * @param body whether the body is the whole file. Only then do all fields mean the file.
 */
export function wholeDigests(fields: FieldLines, body: 'whole' | 'part'): WholeDigests {
  const repr = parseDigests(list(fields, 'repr-digest'))
  if (body === 'part') return { kind: 'digests', digests: repr }
  const content = parseDigests(list(fields, 'content-digest'))
  const all = [...Object.entries(repr), ...Object.entries(content), ...olderDigests(fields)]
  const digests: Record<string, string> = {}
  for (const [algorithm, value] of all) {
    const other = digests[algorithm] ?? value
    if (other !== value) return { kind: 'contradiction', algorithm: algorithm }
    digests[algorithm] = value
  }
  return { kind: 'digests', digests }
}
