// The header fields of one request. What the caller adds, and what the URL needs, comes from its target.
import { WANT_DIGEST } from '../rules/digest.ts'
import { rangeValidator, type Validators } from '../rules/validators.ts'
import type { Interval } from '../state/blocks.ts'

/** What the fields depend on. */
export interface AskedFor {
  /** The bytes wanted, with an infinite `end` for "to the end"; null: the whole file, without Range. */
  readonly range: Interval | null
  /** Those of the version that the stored bytes belong to, or null. */
  readonly validators: Validators | null
  /** Whether to send If-Range. */
  readonly condition: 'if-range' | 'none'
}

/** The fields of a request, by lower-case name. `if-range` is there only together with `range`. */
export function requestFields({ range, validators, condition }: AskedFor): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {
    'accept-encoding': 'identity',
    'want-repr-digest': WANT_DIGEST,
    'want-content-digest': WANT_DIGEST,
  }
  if (range === null) return fields
  fields['range'] = rangeField(range)
  const validator = validators === null ? null : rangeValidator(validators)
  if (validator !== null && condition === 'if-range') fields['if-range'] = validator
  return fields
}

function rangeField({ start, end }: Interval): string {
  return `bytes=${start}-${Number.isFinite(end) ? end - 1 : ''}`
}
