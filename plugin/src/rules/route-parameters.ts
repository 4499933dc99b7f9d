/** The values of a route's parameters, by their names, in the order of the route; null if no route matches. */
export type RouteParameters = Readonly<Record<string, string>> | null

// RFC 3986 §2.2: those that can be in a path.
const RESERVED = /[$&+,:;=@]/

/**
 * Whether two spellings of a path have matched the same route, or the second has matched none. A router reports only
 * the parameters. If two spellings have the same values at the same places, the text of the route is the same too.
 *
 * @param registered the second spelling, decoded
 */
export function isSameRoute(here: RouteParameters, there: RouteParameters, registered: string): boolean {
  if (there === null) return true
  if (here === null) return false
  return isSame(here, there, (value, other, name) => {
    if (withoutEmptySegments(value) !== withoutEmptySegments(other)) return false
    // The value of `*` ends where the path ends. Another value could be at another place.
    return name === '*' || !RESERVED.test(value) || registered.split(value).length === 2
  })
}

/** Whether two parameters of a route have the same name. The router then reports only the value of the last one. */
export function hasRepeatedName(route: string): boolean {
  const names = route.replaceAll('::', '').match(/:[^:/(.-]+/g) ?? []
  return new Set(names).size < names.length
}

/** Whether a route has matched, and the router has read two slashes in its path as one. */
export function isCollapsed(here: RouteParameters): boolean {
  if (here === null) return false
  return Object.values(here).every((value) => value !== '' && !`/${value}`.includes('//'))
}

/** Whether two paths have matched the same route with the same values, except for `@` in the second. */
export function isSameButAt(here: RouteParameters, there: RouteParameters): boolean {
  if (here === null || there === null) return here === there
  return isSame(
    here,
    there,
    (value, other) =>
      value.length === other.length &&
      value.split('').every((unit, at) => unit === other[at] || other[at] === '@'),
  )
}

type IsSameValue = (value: string, other: string, name: string) => boolean

function isSame(
  here: NonNullable<RouteParameters>,
  there: NonNullable<RouteParameters>,
  isSameValue: IsSameValue,
): boolean {
  const others = Object.entries(there)
  const own = Object.entries(here)
  return (
    own.length === others.length &&
    own.every(([name, value], at) => {
      const [otherName, other] = others[at] as [string, string]
      return name === otherName && isSameValue(value, other, name)
    })
  )
}

function withoutEmptySegments(value: string): string {
  return value
    .split('/')
    .filter((segment) => segment !== '')
    .join('/')
}
