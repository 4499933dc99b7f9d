/**
 * A copy of the own properties of an object that inherits nothing. What other code has written to `Object.prototype` is
 * not in it.
 */
export function ownProperties<T extends object>(given: T): T {
  return Object.assign(Object.create(null), given)
}

/**
 * A property of an object of the application, which may be a proxy, or have the property from its class. Properties of
 * `Object.prototype` do not count.
 */
export function propertyOf(object: object, name: string): unknown {
  if (!Object.hasOwn(Object.prototype, name)) return Reflect.get(object, name)
  for (let holder: object | null = object; holder !== null && holder !== Object.prototype; ) {
    if (Object.hasOwn(holder, name)) return Reflect.get(object, name)
    holder = Object.getPrototypeOf(holder) as object | null
  }
  return undefined
}
