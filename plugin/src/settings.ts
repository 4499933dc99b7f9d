import { absoluteRoot } from './files/file-options.ts'
import { checkedOptions, type OptionFilter, wrongOption } from './option-checks.ts'
import { defaultsOf } from './option-row-types.ts'
import { OPTION_TABLE } from './option-table.ts'
import type { CompleteOptions, RangePluginOptions, Settings } from './options.ts'
import { type CacheControl, cacheControlText } from './rules/cache-control.ts'

/** Fastify passes its own options of `register` on to every plugin. */
const REGISTER_OPTIONS: readonly string[] = ['prefix', 'logLevel', 'logSerializers']
/** Options that a call of `sendRange` cannot change any more. */
const REGISTRATION_ONLY: readonly string[] = ['maxOpenFiles'] satisfies (keyof RangePluginOptions)[]

/** The settings of a registration without options. */
export function defaultSettings(): Settings {
  const defaults = defaultsOf<CompleteOptions>(OPTION_TABLE)
  return { ...defaults, root: absoluteRoot(defaults.root), cacheControl: undefined }
}

/**
 * The settings of a registration. An option that is not given, or is undefined, has its default.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` if the options are not a plain object, a value is of the wrong kind, or an
 * option of that name does not exist
 */
export function registrationSettings(options: unknown): Settings {
  return withOptions(defaultSettings(), options, (name) => !REGISTER_OPTIONS.includes(name))
}

/**
 * The settings of one call of `sendRange`. An option that is not given is as in its registration.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION`, also for an option of the registration
 */
export function callSettings(settings: Settings, options: unknown): Settings {
  return withOptions(settings, options, (name, value) => {
    if (!REGISTRATION_ONLY.includes(name) || value === undefined) return true
    throw wrongOption(`The option '${name}' is for the registration only`)
  })
}

function withOptions(settings: Settings, options: unknown, isOurs: OptionFilter): Settings {
  const given: Partial<CompleteOptions> = checkedOptions(options, OPTION_TABLE, isOurs)
  const { root, cacheControl, ...others } = given
  return {
    ...settings,
    ...others,
    ...(root !== undefined && { root: absoluteRoot(root) }),
    ...(cacheControl !== undefined && { cacheControl: textOf(cacheControl) }),
  }
}

function textOf(cacheControl: string | CacheControl): string | undefined {
  return typeof cacheControl === 'string' ? cacheControl : cacheControlText(cacheControl)
}
