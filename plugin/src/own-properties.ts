/**
 * The own properties of an object, in one that inherits nothing: what some code has written to `Object.prototype` is no
 * setting of anybody's.
 */
export function ownProperties<T extends object>(given: T): T {
  return Object.assign(Object.create(null), given)
}

/**
 * A property of an object of the application's, which may be a proxy, or have it from its class; what stands on
 * `Object.prototype` does not count.
 */
export function propertyOf(object: object, name: string): unknown {
  if (!Object.hasOwn(Object.prototype, name)) return Reflect.get(object, name)
  for (let holder: object | null = object; holder !== null && holder !== Object.prototype; ) {
    if (Object.hasOwn(holder, name)) return Reflect.get(object, name)
    holder = Object.getPrototypeOf(holder) as object | null
  }
  return undefined
}
