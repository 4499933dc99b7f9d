// The command line of range-get.
import { resolve } from 'node:path'
import { type Destination, DownloadError } from '../index.ts'
import { type AnyOptions, settingsOf } from '../options.ts'
import { headersFrom, usage, withScheme } from '../text/argument-values.ts'
import { numbersFrom } from './number-options.ts'
import { OPTIONS, type Shell } from './option-table.ts'
import { type OptionValues, parseOptions } from './parse-options.ts'

/** One download that was asked for. */
export interface Job {
  readonly url: string
  readonly destination: Destination | StandardOutput
}

/** Standard output as a destination. */
const STANDARD_OUTPUT = { descriptor: 1 } as const
type StandardOutput = typeof STANDARD_OUTPUT

/** Does the file go to standard output? */
export function isStandardOutput(destination: Job['destination']): destination is StandardOutput {
  return destination === STANDARD_OUTPUT
}

/** Options that say something about a file. */
const ABOUT_FILES = [
  'dir',
  'create-dirs',
  'overwrite',
  'update',
  'no-resume',
  'resume-key',
  'server-time',
  'mirror',
  'same-etags',
] as const

/** What the command was asked to do. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'completion'; readonly shell: Shell }
  | {
      readonly kind: 'get'
      readonly jobs: readonly Job[]
      readonly options: AnyOptions
      readonly output: 'people' | 'quiet' | 'json'
    }

/** Reads the command line. @throws DownloadError `ERR_DOWNLOAD_USAGE` */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parseOptions(args)
  if (values.help) return { kind: 'help' }
  if (values.version) return { kind: 'version' }
  if (values.completion !== undefined) return { kind: 'completion', shell: shellNamed(values.completion) }
  const options = optionsFrom(values)
  if (positionals.length === 0) throw usage('no URL was given: range-get [options] URL...')
  if (positionals.some((url) => url.trim() === '')) throw usage('a URL is empty')
  if (positionals.length > 1 && values.mirror !== undefined)
    throw usage('--mirror is for one URL, but there are several')
  const destination = destinationFrom(values, positionals)
  return {
    kind: 'get',
    jobs: positionals.map((url) => ({ url: withScheme(url), destination })),
    options,
    output: values.json ? 'json' : values.quiet ? 'quiet' : 'people',
  }
}

/** Does a command line that cannot be read say that files go to standard output? No message may get between them. */
export function isToStandardOutput(args: readonly string[]): boolean {
  return args.some(
    (arg, index) => /^(?:-o|--output=)-$/.test(arg) || (arg === '-' && isOutput(args[index - 1])),
  )
}

function isOutput(arg: string | undefined): boolean {
  return arg === '-o' || arg === '--output'
}

/** Is `--json` in a command line that cannot be read? Its error is for a program, too. */
export function isForPrograms(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end === -1 ? args : args.slice(0, end)).includes('--json')
}

function shellNamed(text: string): Shell {
  const { offers } = OPTIONS.completion
  const shell = offers.find((each) => each === text)
  if (shell === undefined) throw usage(`--completion takes ${offers.join(', ')}, not "${text}"`)
  return shell
}

function destinationFrom(values: OptionValues, urls: readonly string[]): Job['destination'] {
  const { output, dir } = values
  if (output === '-') return standardOutput(values)
  if (output !== undefined && urls.length > 1)
    throw usage('-o names one file, but there are several URLs; use -d')
  if (output !== undefined && dir !== undefined) throw usage('-o and -d exclude each other')
  if (output === '' || dir === '') throw usage('the output must have a name')
  return output ?? { directory: resolve(dir ?? '.') }
}

function standardOutput(values: OptionValues): StandardOutput {
  const wrong = ABOUT_FILES.find((name) => values[name] !== undefined)
  if (wrong === undefined) return STANDARD_OUTPUT
  const advice = 'For a file called "-" write ./-'
  throw usage(`--${wrong} is about files, and -o - writes to standard output. ${advice}`)
}

function optionsFrom(values: OptionValues): AnyOptions {
  const options = withoutUndefined({
    ...numbersFrom(values),
    checksum: values.checksum,
    headers: headersFrom(values.header ?? []),
    mirrors: values.mirror?.map(withScheme),
    mirrorTags: values['same-etags'] ? 'shared' : 'own',
    resume: values['no-resume'] ? 'never' : 'auto',
    resumeKey: values['resume-key'],
    existing: existingFrom(values),
    missingDirectory: values['create-dirs'] ? 'create' : 'refuse',
    modified: values['server-time'] ? 'server' : 'now',
    html: values['accept-html'] ? 'accept' : 'refuse',
    proxy: values.proxy,
    caFile: values.cacert,
    certFile: values.cert,
    keyFile: values.key,
    netrc: values.netrc ? 'use' : 'ignore',
  })
  assertAccepted(options)
  return options
}

function existingFrom({ overwrite, update }: OptionValues): NonNullable<AnyOptions['existing']> {
  if (overwrite && update) throw usage('--overwrite and --update exclude each other')
  if (update) return 'update'
  return overwrite ? 'replace' : 'refuse'
}

/** What the library refuses is reported once, for all URLs, and before anything is requested. */
function assertAccepted(options: AnyOptions): void {
  try {
    settingsOf(options)
  } catch (error) {
    throw error instanceof DownloadError ? usage(error.message) : error
  }
}

/** The options that were given, with those that were not left out rather than undefined. */
function withoutUndefined(options: { [K in keyof AnyOptions]: AnyOptions[K] | undefined }): AnyOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
