/** Replaces a method of one object, as middleware does. */
export function replaceMethod(object: object, name: string, replacement: unknown): void {
  Reflect.defineProperty(object, name, { value: replacement, configurable: true, writable: true })
}

/**
 * Replaces a method of one object for a while.
 *
 * @returns a function that puts the method back, unless something else has replaced it since
 */
export function replaceMethodTemporarily(object: object, name: string, replacement: unknown): () => void {
  const before = Reflect.getOwnPropertyDescriptor(object, name)
  replaceMethod(object, name, replacement)
  return () => {
    if (Reflect.get(object, name) !== replacement) return
    if (before === undefined) Reflect.deleteProperty(object, name)
    else Reflect.defineProperty(object, name, before)
  }
}
