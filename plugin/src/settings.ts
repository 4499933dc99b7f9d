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
  const settings = withOptions(defaultSettings(), options, (name) => !REGISTER_OPTIONS.includes(name))
  assertFilesHandedOver(settings)
  return settings
}

/**
 * The settings of one call of `sendRange`. An option that is not given is as in its registration.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION`, also for an option of the registration
 */
export function callSettings(settings: Settings, options: unknown): Settings {
  const own = withOptions(settings, options, (name, value) => {
    if (!REGISTRATION_ONLY.includes(name) || value === undefined) return true
    throw wrongOption(`The option '${name}' is for the registration only`)
  })
  assertFilesHandedOver(own)
  assertRootOfPrefix(own, settings)
  return own
}

/** Another server can send files only. */
function assertFilesHandedOver({ handOver, source }: Settings): void {
  if (handOver === false || source === undefined) return
  throw wrongOption("The option 'handOver' is for files: it must be false if there is a 'source'")
}

/** A location of nginx is for one folder. Below another one it would send another file of the same name. */
function assertRootOfPrefix(own: Settings, registered: Settings): void {
  const { handOver, root } = own
  if (handOver === false || handOver.header === 'X-Sendfile') return
  if (handOver !== registered.handOver || root === registered.root) return
  throw wrongOption("With another 'root', the option 'handOver' must be given too")
}

function withOptions(settings: Settings, options: unknown, isOurs: OptionFilter): Settings {
  const given: Partial<CompleteOptions> = checkedOptions(options, OPTION_TABLE, isOurs)
  const { root, cacheControl, ...others } = given
  // A copy that has every setting keeps its shape: answers with options of their own read them as fast as others.
  const own = Object.assign({ ...settings }, others)
  if (root !== undefined) own.root = absoluteRoot(root)
  if (cacheControl !== undefined) own.cacheControl = textOf(cacheControl)
  return own
}

function textOf(cacheControl: string | CacheControl): string | undefined {
  return typeof cacheControl === 'string' ? cacheControl : cacheControlText(cacheControl)
}
