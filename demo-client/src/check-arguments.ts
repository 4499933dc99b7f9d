// What a caller gives beside the values of options: of the wrong type, it is a usage error like any other. Pure.
import { DownloadError } from './errors.ts'

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` where `options` is not an object, or has another option than `known` */
export function assertOptions(options: unknown, known: object): void {
  if (!isObject(options) || Symbol.iterator in options) throw usage('options must be an object')
  for (const name in options) if (!(name in known)) throw usage(`there is no option ${JSON.stringify(name)}`)
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` where a file cannot be named by `destination` */
export function assertDestination(destination: unknown): void {
  if (typeof destination === 'string') {
    assertPath(destination)
    return
  }
  if (!isObject(destination) || !('directory' in destination))
    throw usage('the destination must be a path or { directory }')
  assertPath(destination.directory)
  for (const name in destination)
    if (name !== 'directory') throw usage(`a destination has no property ${JSON.stringify(name)}`)
}

function assertPath(path: unknown): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw usage('the destination must have a path that is not empty and has no null character')
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` where `value` is not undefined and of another type */
export function assertType(name: string, value: unknown, type: 'string' | 'function'): void {
  if (value !== undefined && typeof value !== type) throw usage(`${name} must be a ${type}`)
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` where `value` is neither undefined nor works like an AbortSignal */
export function assertSignal(value: unknown): void {
  if (value === undefined) return
  const isSignal = isObject(value) && 'aborted' in value && 'addEventListener' in value
  if (!isSignal) throw usage('signal must be an AbortSignal')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
