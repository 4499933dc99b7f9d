import { isDeepStrictEqual } from 'node:util'
import type { FastifyRequest, HTTPMethods } from 'fastify'
import {
  asRegistered,
  decoded,
  type EncodedSlashes,
  hasDotSegment,
  hasEmptySegment,
  hasEncodedSemicolon,
  hasEncodedSlash,
  hasPlainFolders,
  hasReservedFolder,
  isExactTarget,
  isPlain,
  namesFile,
  pathOf,
  type Semicolon,
  type TargetSpelling,
  withUnreservedReplaced,
} from '../rules/request-spelling.ts'
import {
  hasRepeatedName,
  isCollapsed,
  isSameButAt,
  isSameRoute,
  type RouteParameters,
} from '../rules/route-parameters.ts'
import { receivedTarget } from './received-target.ts'

/** The settings that are about the spelling of a request's target. */
export interface SpellingSettings {
  readonly encodedSlashes: EncodedSlashes
  readonly targetSpelling: TargetSpelling
}

/**
 * Whether a file is served under the target of a request, which guards have seen as it is spelled there. Both are
 * looked at: the target as it was received, and what a hook, a middleware or `rewriteUrl` has made of it.
 *
 * 1. Its spelling must lead to the route that the one without encodings leads to. So no guard of a route, or of the
 *    context of one, is walked around.
 * 2. Where its parameters name the file, its folders must be spelled plainly: hooks compare `request.url` with them.
 *
 * @param file the path that was given to `sendRange`
 */
export function isServedTarget(request: FastifyRequest, file: string, settings: SpellingSettings): boolean {
  if (settings.targetSpelling === 'ignore') return true
  const received = receivedTarget(request.raw)
  const current = request.raw.url ?? ''
  const isRewritten = received !== current
  const isServed = (target: string): boolean => {
    const path = pathOf(target)
    const semicolon = semicolonIn(request, path)
    if (settings.targetSpelling === 'exact' && !isExactTarget(target, semicolon)) return false
    return isPlain(path) || isServedPath(request, { path, file, isRewritten, semicolon, ...settings })
  }
  return isServed(received) && (!isRewritten || isServed(current))
}

interface Spelled extends SpellingSettings {
  /** The path of a target. */
  readonly path: string
  readonly file: string
  /** Whether the router may have seen another one. */
  readonly isRewritten: boolean
  readonly semicolon: Semicolon
}

function isServedPath(request: FastifyRequest, spelled: Spelled): boolean {
  const { path, file, encodedSlashes, isRewritten, semicolon } = spelled
  if (!path.startsWith('/') || hasDotSegment(path)) return false
  if (encodedSlashes === 'refuse' && hasEncodedSlash(path)) return false
  // Handlers of what is not found are registered for folders too, and the router says nothing of them.
  if (request.is404 && hasReservedFolder(path)) return false
  const here = match(request, path)
  // The router was led by a constraint of the application's own, and cannot be asked again.
  if (here === null && !request.is404 && !isRewritten) return false
  const registered = asRegistered(path, semicolon)
  if (registered !== path) {
    if (hasRepeatedName(request.routeOptions.url ?? '')) return false
    if (!isSameRoute(here, match(request, registered), decoded(registered))) return false
  }
  if (namesFile(here === null ? [decoded(path)] : Object.values(here), file)) {
    return hasPlainFolders(path) && (!hasEmptySegment(path) || isCollapsed(here))
  }
  // RFC 3986 §6.2.2.2: unreserved characters are the same encoded. That holds for what the router gives to a
  // parameter; hooks compare `request.url` with the text of a route.
  const replaced = withUnreservedReplaced(path)
  return replaced === path || isSameButAt(here, match(request, replaced))
}

/**
 * What a semicolon is to the router that a path with an encoded one leads to. Asked of the router itself, since its
 * option has two places: where it delimits, one behind the path changes nothing.
 */
function semicolonIn(request: FastifyRequest, path: string): Semicolon {
  if (!hasEncodedSemicolon(path)) return 'data'
  const here = match(request, path)
  return here !== null && isDeepStrictEqual(here, match(request, `${path};`)) ? 'delimiter' : 'data'
}

/** What the router makes of a path, for the method, host and version of a request. */
function match({ server, method, headers }: FastifyRequest, url: string): RouteParameters {
  const fields = { host: headers.host ?? headers[':authority'], version: headers['accept-version'] }
  // A field that no route is told apart by would match none.
  const constraints = Object.fromEntries(
    Object.entries(fields).filter(
      ([name, value]) => value !== undefined && server.hasConstraintStrategy(name),
    ),
  )
  // Its type leaves out that there may be none.
  const found = server.findRoute({ url, method: method as HTTPMethods, constraints }) as Found | null
  return found === null ? null : found.params
}

interface Found {
  readonly params: NonNullable<RouteParameters>
}
