import { isDeepStrictEqual } from 'node:util'
import type { FastifyRequest, HTTPMethods } from 'fastify'
import {
  hasRepeatedName,
  isCollapsed,
  isSameButAt,
  isSameRoute,
  type RouteParameters,
} from '../rules/route-parameters.ts'
import {
  asRegistered,
  decoded,
  type EncodedSlashes,
  hasDotSegment,
  hasEmptySegment,
  hasEncodedSlash,
  hasPlainFolders,
  hasReservedFolder,
  hasSemicolon,
  isExactTarget,
  isPlain,
  namesFile,
  pathOf,
  type Semicolon,
  type TargetSpelling,
  withUnreservedReplaced,
} from '../rules/target-spelling.ts'
import { receivedTarget } from './received-target.ts'

/** The settings for the spelling of a request's target. */
export interface SpellingSettings {
  readonly encodedSlashes: EncodedSlashes
  readonly targetSpelling: TargetSpelling
}

/**
 * Whether a file is served under the target of a request, as it is spelled there: this is what guards of the
 * application have seen. Two targets are checked: the received one, and the one that a hook, a middleware or
 * `rewriteUrl` has made of it.
 *
 * 1. Its spelling must lead to the same route as the spelling without encodings. So no request avoids the guard of a
 *    route, or of its context.
 * 2. If its parameters name the file, its folders must be spelled plainly, because hooks compare them with
 *    `request.url`.
 *
 * @param file the path that was given to `sendRange`
 */
export function isServedTarget(request: FastifyRequest, file: string, settings: SpellingSettings): boolean {
  if (settings.targetSpelling === 'ignore') return true
  const received = receivedTarget(request.raw)
  const current = request.raw.url ?? ''
  const isRewritten = received !== current
  const isServed = (target: string): boolean => {
    const semicolon = semicolonIn(request, target)
    const path = pathOf(target, semicolon)
    if (settings.targetSpelling === 'exact' && !isExactTarget(target, semicolon)) return false
    return isPlain(path) || isServedPath(request, { path, file, isRewritten, semicolon, ...settings })
  }
  return isServed(received) && (!isRewritten || isServed(current))
}

interface Spelled extends SpellingSettings {
  /** The path of a target. */
  readonly path: string
  readonly file: string
  /** Whether the router may have seen another path. */
  readonly isRewritten: boolean
  readonly semicolon: Semicolon
}

function isServedPath(request: FastifyRequest, spelled: Spelled): boolean {
  const { path, file, encodedSlashes, isRewritten, semicolon } = spelled
  if (!path.startsWith('/') || hasDotSegment(path)) return false
  if (encodedSlashes === 'refuse' && hasEncodedSlash(path)) return false
  // Not-found handlers are registered for folders too, and the router does not report them.
  if (request.is404 && hasReservedFolder(path)) return false
  const here = match(request, path)
  // The route depends on a constraint of the application, and the router cannot be asked again.
  if (here === null && !request.is404 && !isRewritten) return false
  const registered = asRegistered(path, semicolon)
  if (registered !== path) {
    if (hasRepeatedName(request.routeOptions.url ?? '')) return false
    if (!isSameRoute(here, match(request, registered), decoded(registered))) return false
  }
  if (namesFile(here === null ? [decoded(path)] : Object.values(here), file)) {
    return hasPlainFolders(path) && (!hasEmptySegment(path) || isCollapsed(here))
  }
  // RFC 3986 §6.2.2.2: unreserved characters are equivalent to their encoded form. The router decodes them in
  // parameters, but hooks compare `request.url` with the text of a route.
  const replaced = withUnreservedReplaced(path)
  return replaced === path || isSameButAt(here, match(request, replaced))
}

/**
 * How the router reads a semicolon, for a target that has one. The router itself is asked, since its option can be set in
 * two places. If a semicolon is a delimiter, one after the path changes nothing.
 *
 * @param target as it was received, or as the application has left it. The router may know only one of them
 */
export function semicolonIn(request: FastifyRequest, target: string): Semicolon {
  if (!hasSemicolon(target)) return 'data'
  for (const path of [pathOf(target), pathOf(request.raw.url ?? '')]) {
    const here = match(request, path)
    if (here !== null) return isDeepStrictEqual(here, match(request, `${path};`)) ? 'delimiter' : 'data'
  }
  return 'data'
}

/** The parameters that the router finds in a path, for the method, host and version of a request. */
function match({ server, method, headers }: FastifyRequest, url: string): RouteParameters {
  const fields = { host: headers.host ?? headers[':authority'], version: headers['accept-version'] }
  // With a constraint that no route has, the router would find none.
  const constraints = Object.fromEntries(
    Object.entries(fields).filter(
      ([name, value]) => value !== undefined && server.hasConstraintStrategy(name),
    ),
  )
  // Its type does not say that it may be null.
  const found = server.findRoute({ url, method: method as HTTPMethods, constraints }) as Found | null
  return found === null ? null : found.params
}

interface Found {
  readonly params: NonNullable<RouteParameters>
}
