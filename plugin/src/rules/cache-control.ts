/** The directives of a Cache-Control field (RFC 9111 §5.2.2). All times are seconds. */
export interface CacheControl {
  /** `public`: shared caches may store it, although the request was authorized. `private`: only the browser may. */
  readonly scope?: 'public' | 'private' | undefined
  /** How long it may be used without asking again (`max-age`). */
  readonly maxAge?: number | undefined
  /** The same for shared caches, such as a CDN (`s-maxage`). */
  readonly sharedMaxAge?: number | undefined
  /** It never changes: browsers do not ask even on reload, as long as it is fresh (RFC 8246). Needs a `maxAge`. */
  readonly immutable?: boolean | undefined
  /** It may be stored, but each use needs an answer of the server first (`no-cache`). */
  readonly noCache?: boolean | undefined
  /** It must not be stored (`no-store`). */
  readonly noStore?: boolean | undefined
  /** It must not be used after its time without asking (`must-revalidate`). */
  readonly mustRevalidate?: boolean | undefined
  /** Caches must not change the content, for example compress it (`no-transform`). */
  readonly noTransform?: boolean | undefined
  /** How long after its time it may be used while a cache asks (`stale-while-revalidate`, RFC 5861). */
  readonly staleWhileRevalidate?: number | undefined
  /** How long after its time it may be used if the server fails (`stale-if-error`, RFC 5861). */
  readonly staleIfError?: number | undefined
}

/**
 * RFC 9111 §1.2.2: "If a cache receives a delta-seconds value greater than the greatest integer it can represent […] the
 * cache MUST consider the value to be 2147483648 (2^31) or the greatest positive integer it can conveniently represent."
 */
const MAX_SECONDS = 2 ** 31

const SECONDS: Readonly<Record<string, string>> = {
  maxAge: 'max-age',
  sharedMaxAge: 's-maxage',
  staleWhileRevalidate: 'stale-while-revalidate',
  staleIfError: 'stale-if-error',
}
const SWITCHES: Readonly<Record<string, string>> = {
  noStore: 'no-store',
  noCache: 'no-cache',
  mustRevalidate: 'must-revalidate',
  noTransform: 'no-transform',
  immutable: 'immutable',
}

/**
 * The value of a Cache-Control field.
 *
 * @returns undefined for what is not one: an unknown directive, a wrong value, directives that contradict each other, or
 * none at all
 */
export function cacheControlText(directives: object): string | undefined {
  // Own properties only: what all objects inherit is not a directive.
  const given = new Map(Object.entries(directives).filter(([name, value]) => !isLeftOut(name, value)))
  const texts = [...given].map(([name, value]) => directiveText(name, value))
  if (texts.length === 0 || texts.includes(undefined) || isContradiction(given)) return undefined
  return texts.join(', ')
}

function isLeftOut(name: string, value: unknown): boolean {
  return value === undefined || (value === false && Object.hasOwn(SWITCHES, name))
}

function directiveText(name: string, value: unknown): string | undefined {
  if (name === 'scope') return value === 'public' || value === 'private' ? value : undefined
  if (Object.hasOwn(SWITCHES, name)) return value === true ? SWITCHES[name] : undefined
  if (!Object.hasOwn(SECONDS, name)) return undefined
  const seconds = Number(value)
  const isTime =
    typeof value === 'number' && Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= MAX_SECONDS
  return isTime ? `${SECONDS[name]}=${seconds}` : undefined
}

function isContradiction(given: ReadonlyMap<string, unknown>): boolean {
  const isKept = Object.keys(SECONDS).some((name) => given.has(name))
  // RFC 9111 §5.2.2.5: "The no-store response directive indicates that a cache MUST NOT store any part".
  if (given.has('noStore') && (isKept || given.has('noCache') || given.get('scope') === 'public')) return true
  // §5.2.2.7: "The unqualified private response directive indicates that a shared cache MUST NOT store the response".
  if (given.get('scope') === 'private' && given.has('sharedMaxAge')) return true
  // RFC 8246 §2: clients "SHOULD NOT issue a conditional request during the response's freshness lifetime". Without one
  // it says nothing.
  return given.has('immutable') && (!given.has('maxAge') || given.get('maxAge') === 0 || given.has('noCache'))
}
