// Values that are made when they are first used. What most downloads do not need then costs them no time at the start. Pure.

/** A function that returns what `make` returns, and calls it once. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/**
 * A pattern that is compiled when it is first used. One with classes of Unicode (`\p{L}`) takes milliseconds, and as a literal
 * even if it is never used.
 */
export function lazyPattern(source: string, flags: string): () => RegExp {
  return lazy(() => new RegExp(source, flags))
}
