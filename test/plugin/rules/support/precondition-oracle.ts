/**
 * The steps of RFC 9110 §13.2.2 on requests whose fields are known by what they are, not by how they are written:
 * nothing is parsed here, so a fault of a parser cannot hide in both.
 */

/** What a list of entity-tags holds, against a representation whose tag is "v1" or W/"v1". */
export type TagField = 'absent' | '*' | 'strong-match' | 'weak-match' | 'other' | 'garbage'
/** A date against the Last-Modified of the representation. */
export type DateField = 'absent' | 'earlier' | 'same' | 'later' | 'garbage'
export type RangeField = 'absent' | 'satisfiable' | 'unsatisfiable' | 'malformed'
export type IfRangeField = Exclude<TagField, '*'> | Exclude<DateField, 'absent' | 'garbage'>

export interface ConditionalRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'OPTIONS'
  readonly ifMatch: TagField
  readonly ifUnmodifiedSince: DateField
  readonly ifNoneMatch: TagField
  readonly ifModifiedSince: DateField
  readonly ifRange: IfRangeField
  readonly range: RangeField
}

export interface Facts {
  readonly tag: 'strong' | 'weak' | 'none'
  readonly dated: boolean
}

export type Answer = 200 | 206 | 304 | 412 | 416

export function answerOf(request: ConditionalRequest, facts: Facts): Answer {
  const { method } = request
  if (method === 'OPTIONS') return 200
  const safe = method === 'GET' || method === 'HEAD'
  // 1.
  if (request.ifMatch !== 'absent' && !ifMatchIsTrue(request.ifMatch, facts)) return 412
  // 2.
  const hasIfUnmodifiedSince = isUsable(request.ifUnmodifiedSince, facts)
  if (request.ifMatch === 'absent' && hasIfUnmodifiedSince && request.ifUnmodifiedSince === 'earlier')
    return 412
  // 3.
  if (request.ifNoneMatch !== 'absent' && !ifNoneMatchIsTrue(request.ifNoneMatch, facts))
    return safe ? 304 : 412
  // 4.
  const hasIfModifiedSince = isUsable(request.ifModifiedSince, facts)
  if (safe && request.ifNoneMatch === 'absent' && hasIfModifiedSince && request.ifModifiedSince !== 'earlier')
    return 304
  // 5.
  if (method !== 'GET' || request.range === 'absent' || request.range === 'malformed') return 200
  if (request.ifRange !== 'absent' && !ifRangeIsTrue(request.ifRange, facts)) return 200
  return request.range === 'satisfiable' ? 206 : 416
}

function ifMatchIsTrue(field: TagField, facts: Facts): boolean {
  return field === '*' || (field === 'strong-match' && facts.tag === 'strong')
}

function ifNoneMatchIsTrue(field: TagField, facts: Facts): boolean {
  const matches = (field === 'strong-match' || field === 'weak-match') && facts.tag !== 'none'
  return field !== '*' && !matches
}

function ifRangeIsTrue(field: IfRangeField, facts: Facts): boolean {
  if (field === 'same') return facts.dated
  return field === 'strong-match' && facts.tag === 'strong'
}

/** "MUST ignore … if the received field value is not a valid HTTP-date", or without "a modification date available". */
function isUsable(field: DateField, facts: Facts): boolean {
  return field !== 'absent' && field !== 'garbage' && facts.dated
}
