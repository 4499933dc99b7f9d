import { parseEntityTag, parseEntityTags, strongMatch } from './entity-tag.ts'

/** The conditions with which a client says which version it has a part of. */
export interface NamingConditions {
  readonly ifRange?: string | undefined
  readonly ifMatch?: string | undefined
}

/** Whether a request may name a version. */
export function mayNameVersion({ ifRange, ifMatch }: NamingConditions): boolean {
  return ifRange !== undefined || ifMatch !== undefined
}

/**
 * Whether a request names the version with this tag. RFC 9110 §13.1.5 and §13.1.1: If-Range and If-Match compare
 * strongly. A date and `*` name no version.
 */
export function namesVersion({ ifRange, ifMatch }: NamingConditions, etag: string | undefined): boolean {
  const tag = etag === undefined ? undefined : parseEntityTag(etag)
  if (tag === undefined) return false
  const named = [parseEntityTag(ifRange ?? ''), ...parseEntityTags(ifMatch ?? '')]
  return named.some((each) => each !== undefined && strongMatch(each, tag))
}
