// The command line of range-get.
import { resolve } from 'node:path'
import type { AnyOptions } from '../download-options.ts'
import { type Destination, type DownloadAllOptions, DownloadError } from '../index.ts'
import { settingsOf } from '../options.ts'
import { headersFrom, integer, usage, withScheme } from '../text/argument-values.ts'
import { BATCH_LIMITS } from '../text/option-limits.ts'
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
  'input-file',
  'checksums',
  'metalink',
  'check',
] as const

/** Options that no file has. */
const ABOUT_STANDARD_OUTPUT = ['buffer', 'buffer-dir'] as const

/** What only matters for several files. */
export interface SeveralOptions {
  /** Lists of files to read: paths, or `-`. */
  readonly lists: readonly string[]
  /** Metalinks: paths, URLs, or `-`. */
  readonly metalinks: readonly string[]
  /** Files of checksums: paths or URLs. */
  readonly checksums: readonly string[]
  /** Only verify what is there. */
  readonly isCheck: boolean
  readonly limits: Pick<DownloadAllOptions, 'parallel' | 'hostConnections'>
}

/** What the command was asked to do. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'completion'; readonly shell: Shell }
  | {
      readonly kind: 'get'
      readonly jobs: readonly Job[]
      readonly destination: Job['destination']
      readonly options: AnyOptions
      /** Null for one URL that needs nothing of it, and for standard output. */
      readonly several: SeveralOptions | null
      readonly output: 'people' | 'quiet' | 'json'
    }

/** Reads the command line. @throws DownloadError `ERR_DOWNLOAD_USAGE` */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parseOptions(args)
  if (values.help) return { kind: 'help' }
  if (values.version) return { kind: 'version' }
  if (values.completion !== undefined) return { kind: 'completion', shell: shellNamed(values.completion) }
  const options = optionsFrom(values)
  const several = severalFrom(values)
  const isAll = several.isCheck && several.checksums.length > 0
  const lists = several.lists.length + several.metalinks.length
  if (positionals.length + lists === 0 && !isAll) throw usage('no URL was given: range-get [options] URL...')
  if (positionals.some((url) => url.trim() === '')) throw usage('a URL is empty')
  const isOne = positionals.length === 1 && lists === 0
  if (!isOne && values.mirror !== undefined) throw usage('--mirror is for one URL, but there are several')
  assertTogether(values, { several, isOne })
  const destination = destinationFrom(values, isOne)
  const isSimple = isOne && several.checksums.length === 0 && !several.isCheck
  return {
    kind: 'get',
    jobs: positionals.map((url) => ({ url: withScheme(url), destination })),
    destination,
    options,
    several: isSimple || isStandardOutput(destination) ? null : several,
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

function severalFrom(values: OptionValues): SeveralOptions {
  const { checksums = [], metalink: metalinks = [], check, parallel } = values
  const lists = values['input-file'] ?? []
  if ([...lists, ...checksums, ...metalinks].includes('')) throw usage('the name of a list is empty')
  if ([...lists, ...metalinks].filter((each) => each === '-').length > 1)
    throw usage('standard input can be read once: -i -')
  if (checksums.includes('-')) throw usage('--checksums takes a file or a URL, not "-"')
  const perHost = values['host-connections']
  return {
    lists,
    metalinks,
    checksums,
    isCheck: check === true,
    limits: {
      ...(parallel === undefined ? {} : { parallel: integer('parallel', parallel, BATCH_LIMITS.parallel) }),
      ...(perHost === undefined
        ? {}
        : { hostConnections: integer('host-connections', perHost, BATCH_LIMITS.hostConnections) }),
    },
  }
}

/** What a file of checksums says, or a line of a list, must not be replaced by something about one file. */
function assertTogether(
  values: OptionValues,
  { several: { checksums, lists, metalinks, isCheck }, isOne }: { several: SeveralOptions; isOne: boolean },
): void {
  const { checksum } = values
  if (checksum !== undefined && checksums.length > 0)
    throw usage('--checksum and --checksums exclude each other')
  if (checksum !== undefined && lists.length > 0)
    throw usage('--checksum is the digest of one file; write checksum= in the list, or use --checksums')
  if (checksum !== undefined && metalinks.length > 0)
    throw usage('--checksum is the digest of one file; a Metalink has those of its files')
  if (values['resume-key'] !== undefined && !isOne) throw usage('--resume-key is for one URL')
  if (isCheck && checksum === undefined && checksums.length + lists.length + metalinks.length === 0)
    throw usage(
      '--check needs digests: --checksums FILE, --metalink FILE, --checksum DIGEST, or checksum= in a list',
    )
}

function destinationFrom(values: OptionValues, isOne: boolean): Job['destination'] {
  const { output, dir } = values
  if (output === '-') return standardOutput(values)
  const wrong = ABOUT_STANDARD_OUTPUT.find((name) => values[name] !== undefined)
  if (wrong !== undefined) throw usage(`--${wrong} is about -o -, and the output is a file`)
  if (output !== undefined && values.metalink !== undefined)
    throw usage('a Metalink names its files, so -o cannot; use -d')
  if (output !== undefined && !isOne) throw usage('-o names one file, but there are several URLs; use -d')
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
  if (values['buffer-dir'] === '') throw usage('--buffer-dir takes the name of a directory')
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
    bufferDirectory: values['buffer-dir'],
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
