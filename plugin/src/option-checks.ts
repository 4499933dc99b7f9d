import { SendRangeError } from './errors.ts'
import { foreignFailure } from './foreign-failure.ts'
import { ignoreRejection } from './ignore-rejection.ts'
import { ownProperties } from './own-properties.ts'
import { nearestName } from './rules/nearest-name.ts'

/** How the value of one option is checked. */
export interface OptionCheck {
  readonly isValid: (value: unknown) => boolean
  /** What the value must be, as messages say it. */
  readonly kind: string
}
/** The checks of all options, by their names. */
export type OptionChecks = Readonly<Record<string, OptionCheck>>
/** Whether an option is meant for this package. Throws if it must not be given here. */
export type OptionFilter = (name: string, value: unknown) => boolean

/** Options that are objects of values. A copy is checked and kept, since the caller may change the object later. */
const COPIED: readonly string[] = ['headers', 'cacheControl', 'handOver']

/** An `ERR_RANGE_OPTION`: the call is wrong. */
export function wrongOption(message: string): SendRangeError {
  return new SendRangeError('ERR_RANGE_OPTION', message)
}

/**
 * The checked values of options. Only own properties are read, and the result inherits nothing. What is undefined is
 * left out.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` if the options are not a plain object, a value is of the wrong kind, or an
 * option of that name does not exist
 */
export function checkedOptions(
  options: unknown,
  checks: OptionChecks,
  isOurs: OptionFilter,
): Record<string, unknown> {
  let entries: [string, unknown][] = []
  try {
    if (!isPlainObject(options)) throw wrongOption('The options must be a plain object')
    entries = Object.entries(options)
    return readEntries(entries, checks, isOurs)
  } catch (error) {
    ignoreRejectionsOf(options)
    for (const [, value] of entries) ignoreRejection(value)
    // A getter or a proxy of the caller may throw anything, with any message.
    throw foreignFailure('ERR_RANGE_OPTION', 'The reading of the options', error)
  }
}

function readEntries(
  entries: readonly (readonly [string, unknown])[],
  checks: OptionChecks,
  isOurs: OptionFilter,
): Record<string, unknown> {
  const checked: Record<string, unknown> = ownProperties({})
  for (const [name, value] of entries) {
    if (!isOurs(name, value)) continue
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (check === undefined) throw wrongOption(unknownOption(name, Object.keys(checks)))
    if (value === undefined) continue
    const own = copyOf(name, value)
    if (!check.isValid(own)) throw wrongOption(`The option '${name}' must be ${check.kind}`)
    checked[name] = own
  }
  return checked
}

/** The caller may change the object later. */
function copyOf(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return [...value]
  return COPIED.includes(name) && isPlainObject(value) ? { ...value } : value
}

/** Messages are sent to clients, and a name may be a path of the server: one that looks like no name is not shown. */
function unknownOption(name: string, names: readonly string[]): string {
  if (!/^\w{1,40}$/.test(name)) return 'There is no option of that name'
  const nearest = nearestName(name, names)
  return `There is no option '${name}'${nearest === undefined ? '' : `. Did you mean '${nearest}'?`}`
}

/**
 * Whether a value is an object of own properties. A Map, a Headers object and an array are not, nor is an object that
 * inherits from another. Its Object.prototype may be that of another realm.
 */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(Object(prototype), 'isPrototypeOf')
}

/** Handles the rejections of promises that were given as options, as one of the options, or as a field. */
export function ignoreRejectionsOf(options: unknown): void {
  ignoreRejection(options)
  for (const [name, value] of heldValues(options)) {
    ignoreRejection(value)
    if (COPIED.includes(name)) for (const [, field] of heldValues(value)) ignoreRejection(field)
  }
}

/** The values of an object, by name. Getters are not called. */
function heldValues(value: unknown): readonly (readonly [name: string, value: unknown])[] {
  if (typeof value !== 'object' || value === null) return []
  try {
    const held = Object.entries(Object.getOwnPropertyDescriptors(value))
    return held.map(([name, descriptor]) => [name, descriptor.value])
  } catch {
    // A proxy may throw.
    return []
  }
}
