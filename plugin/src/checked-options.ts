import { SendRangeError } from './errors.ts'
import { foreignFailure } from './foreign-failure.ts'
import { ignoreRejection } from './ignore-rejection.ts'
import { ownProperties } from './own-properties.ts'

/** Whether a value is right. */
export type Check = (value: unknown) => boolean
/** For each option its check, and what it must be, in words. */
export type Checks = Readonly<Record<string, readonly [Check, string]>>
/** Which of the options are meant for us. */
export type Filter = (name: string, value: unknown) => boolean

/** The call is wrong: an `ERR_RANGE_OPTION`. */
export function wrongOption(message: string): SendRangeError {
  return new SendRangeError('ERR_RANGE_OPTION', message)
}

/**
 * The values of options, checked: of own properties only. What is undefined is left out, and nothing is inherited.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for what is no object of options, a value of the wrong kind, or a name
 * that is no option
 */
export function checkedOptions(options: unknown, checks: Checks, isOurs: Filter): Record<string, unknown> {
  let entries: [string, unknown][] = []
  try {
    if (!isPlainObject(options)) throw wrongOption('The options must be a plain object')
    entries = Object.entries(options)
    return readEntries(entries, checks, isOurs)
  } catch (error) {
    ignoreRejectionsOf(options)
    for (const [, value] of entries) ignoreRejection(value)
    // A getter or a proxy of the caller's may throw anything, with any message.
    throw foreignFailure('ERR_RANGE_OPTION', 'The reading of the options', error)
  }
}

function readEntries(
  entries: readonly (readonly [string, unknown])[],
  checks: Checks,
  isOurs: Filter,
): Record<string, unknown> {
  const checked: Record<string, unknown> = ownProperties({})
  for (const [name, value] of entries) {
    if (!isOurs(name, value)) continue
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (check === undefined) throw wrongOption(`There is no option ${printable(name)}`)
    if (value === undefined) continue
    const [isValid, kind] = check
    // A copy is checked and kept: what is read again later may be another value by then.
    const own = name === 'headers' && isPlainObject(value) ? { ...value } : value
    if (!isValid(own)) throw wrongOption(`The option '${name}' must be ${kind}`)
    checked[name] = own
  }
  return checked
}

/** A name as it can stand in a message, which may be sent to clients: a path of the server cannot. */
function printable(name: string): string {
  return /^\w{1,40}$/.test(name) ? `'${name}'` : 'of that name'
}

/**
 * Whether all that an object holds is its own, under names. What a Map, a Headers object or an array holds is not, nor
 * what is inherited. Object.prototype may be that of another realm.
 */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(Object(prototype), 'isPrototypeOf')
}

/** Takes the rejections of promises that stand where options, one of them, or a field do. */
export function ignoreRejectionsOf(options: unknown): void {
  ignoreRejection(options)
  for (const [name, value] of heldValues(options)) {
    ignoreRejection(value)
    if (name === 'headers') for (const [, field] of heldValues(value)) ignoreRejection(field)
  }
}

/** What an object holds, by name. Getters are not called. */
function heldValues(value: unknown): readonly (readonly [name: string, value: unknown])[] {
  if (typeof value !== 'object' || value === null) return []
  try {
    const held = Object.entries(Object.getOwnPropertyDescriptors(value))
    return held.map(([name, descriptor]) => [name, descriptor.value])
  } catch {
    // A proxy that refuses to be looked at.
    return []
  }
}
