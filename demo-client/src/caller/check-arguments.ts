// Reads the arguments of a caller. A wrong type, or an error while reading, is a usage error. Pure.
import { DownloadError } from '../errors.ts'
import { nearestName } from '../text/nearest-name.ts'

/**
 * Returns what `read` returns. An error from a getter, a Proxy or an iterator of the caller becomes the cause of a usage
 * error. Arguments are read only here, and only once.
 */
export function reading<T>(what: string, read: () => T): T {
  try {
    return unawaited(read())
  } catch (cause) {
    throw new DownloadError('ERR_DOWNLOAD_USAGE', `${what} cannot be read`, { cause })
  }
}

/** Returns `value`. A promise in a place that needs a value is refused later, so its rejection is ignored. */
export function unawaited<T>(value: T): T {
  if (value instanceof Promise) value.catch(() => undefined)
  return value
}

/**
 * The items of an iterable.
 * @throws TypeError if it is asynchronous, or has more than `most` items
 */
export function itemsOf(iterable: Iterable<unknown>, most: number): unknown[] {
  const items: unknown[] = []
  const iterator = unawaited(iterable[Symbol.iterator]())
  for (;;) {
    const step = unawaited(iterator.next())
    if (step instanceof Promise) throw new TypeError('its iterator is asynchronous')
    if (step.done === true) return items
    if (items.push(unawaited(step.value)) <= most) continue
    unawaited(iterator.return?.())
    throw new TypeError(`it has more than ${most} items`)
  }
}

/**
 * A copy of the properties of `options` that `known` has.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if `options` is not an object, or has another option than `known`
 */
export function readOptions(options: unknown, known: object): Readonly<Record<string, unknown>> {
  const { isRecord, names } = reading('options', () => namesIn(unawaited(options)))
  if (!isObject(options) || !isRecord) throw usage('options must be an object')
  for (const name of names)
    if (!Object.hasOwn(known, name))
      throw usage(`there is no option ${JSON.stringify(name)}${suggestion(name, Object.keys(known))}`)
  const read = (name: string): unknown => reading(name, () => Reflect.get(options, name))
  return Object.fromEntries(Object.keys(known).map((name) => [name, read(name)]))
}

/**
 * A copy of the destination.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if it does not name a file
 */
export function readDestination<Stream extends object>(
  destination: string | { readonly directory: string } | Stream,
): string | { readonly directory: string } | { readonly stream: Stream } {
  if (typeof destination === 'string') return path(destination)
  if (reading('the destination', () => isStream(destination))) return { stream: destination as Stream }
  const { names } = reading('the destination', () => namesIn(unawaited(destination)))
  if (!isObject(destination)) throw usage('the destination must be a path, { directory } or a stream')
  const isDirectory = reading('the destination', () => 'directory' in destination)
  for (const name of names) {
    const meant = suggestion(name, ['directory'])
    // Another object, such as a URL, has properties that say nothing about the mistake.
    if (name !== 'directory' && (isDirectory || meant !== ''))
      throw usage(`a destination has no property ${JSON.stringify(name)}${meant}`)
  }
  if (!isDirectory) throw usage('the destination must be a path, { directory } or a stream')
  return { directory: path(reading('directory', () => Reflect.get(destination, 'directory'))) }
}

function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === null ? '' : `; did you mean ${JSON.stringify(nearest)}?`
}

/** Is it a Writable of Node.js, or a WritableStream? */
function isStream(value: unknown): boolean {
  return (
    isObject(value) && ['write', 'getWriter'].some((name) => typeof Reflect.get(value, name) === 'function')
  )
}

/** The names of a value's properties, including inherited ones. An iterable object or a promise is not a record. */
function namesIn(value: unknown): { readonly isRecord: boolean; readonly names: readonly string[] } {
  if (!isObject(value)) return { isRecord: false, names: [] }
  const names: string[] = []
  for (const name in value) names.push(name)
  return { isRecord: !(Symbol.iterator in value || value instanceof Promise), names }
}

function path(value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value
  throw usage('the destination must be a path that is not empty and has no null character')
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` if `value` has another type and is not undefined */
export function assertType(name: string, value: unknown, type: 'string' | 'function'): void {
  if (value !== undefined && typeof value !== type) throw usage(`${name} must be a ${type}`)
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` if `value` is not undefined and does not work like an AbortSignal */
export function assertSignal(value: unknown): void {
  if (value === undefined) return
  const isSignal =
    isObject(value) &&
    reading('signal', () => typeof Reflect.get(value, 'aborted') === 'boolean' && areMethods(value))
  if (!isSignal) throw usage('signal must be an AbortSignal')
}

function areMethods(signal: object): boolean {
  return ['addEventListener', 'removeEventListener'].every(
    (name) => typeof Reflect.get(signal, name) === 'function',
  )
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
