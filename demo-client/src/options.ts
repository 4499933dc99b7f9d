// The options of download(): the default of each, and its check. Pure.
import { fieldsOf } from './caller/caller-fields.ts'
import { assertSignal, assertType, readOptions } from './caller/check-arguments.ts'
import { expectedOf } from './caller/expected-file.ts'
import { mirrorsOf } from './caller/mirror-urls.ts'
import type { AnyOptions, DownloadOptions } from './download-options.ts'
import { DownloadError } from './errors.ts'
import { parseChecksum } from './rules/checksum.ts'
import type { ExpectedDigest } from './rules/digest.ts'
import type { Expected } from './rules/expected-file.ts'
import {
  contradictionOf,
  isWithin,
  limitsOf,
  type NumberLimits,
  type NumberOption,
  reasonOf,
} from './text/option-limits.ts'

type OptionName = keyof AnyOptions

/** Options that are kept in another form than a caller gives them. */
interface Converted {
  readonly headers: Readonly<Record<string, string>>
  readonly checksum: ExpectedDigest
  readonly expected: Expected
  readonly mirrors: readonly string[]
}

type ValueOf<Name extends OptionName> = Name extends keyof Converted
  ? Converted[Name]
  : NonNullable<AnyOptions[Name]>

/** Options that are null in the settings where a caller leaves them out. */
type OptionWithoutDefault =
  | 'bufferDirectory'
  | 'segmentSize'
  | 'checksum'
  | 'expected'
  | 'resumeKey'
  | 'limitRate'
  | 'minRate'
  | 'proxy'
  | 'caFile'
  | 'certFile'
  | 'keyFile'
  | 'onSegment'
  | 'signal'

/** All options, checked, with every default filled in. */
export type Settings = {
  readonly [Name in OptionName]-?: ValueOf<Name> | (Name extends OptionWithoutDefault ? null : never)
}

/** In bytes. */
export const DEFAULT_BUFFER: number = 64 * 1024 * 1024

const DEFAULTS: Settings = {
  buffer: DEFAULT_BUFFER,
  bufferDirectory: null,
  connections: 4,
  segmentSize: null,
  headers: {},
  checksum: null,
  expected: null,
  mirrors: [],
  mirrorTags: 'own',
  resume: 'auto',
  existing: 'refuse',
  missingDirectory: 'refuse',
  resumeKey: null,
  retries: 5,
  retryDelay: 1000,
  maxRetryDelay: 300_000,
  connectTimeout: 15_000,
  stallTimeout: 30_000,
  maxRedirects: 10,
  limitRate: null,
  minRate: null,
  proxy: null,
  caFile: null,
  certFile: null,
  keyFile: null,
  netrc: 'ignore',
  delay: 0,
  html: 'refuse',
  modified: 'now',
  onSegment: null,
  signal: null,
}

type ChoiceOption = 'mirrorTags' | 'resume' | 'existing' | 'missingDirectory' | 'html' | 'modified' | 'netrc'

const CHOICES: { readonly [Name in ChoiceOption]: readonly Settings[Name][] } = {
  mirrorTags: ['own', 'shared'],
  resume: ['auto', 'never'],
  existing: ['refuse', 'replace', 'update'],
  missingDirectory: ['refuse', 'create'],
  html: ['refuse', 'accept'],
  modified: ['now', 'server'],
  netrc: ['ignore', 'use'],
}

const TEXTS = ['bufferDirectory', 'checksum', 'resumeKey', 'proxy', 'caFile', 'certFile', 'keyFile'] as const

/**
 * Checks the options and fills in the defaults.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function settingsOf(given: AnyOptions): Settings {
  const options = readOptions(given, DEFAULTS) as AnyOptions
  for (const name of TEXTS) assertType(name, options[name], 'string')
  assertType('onSegment', options.onSegment, 'function')
  assertSignal(options.signal)
  const number = <Name extends NumberOption>(name: Name): number | Settings[Name] =>
    options[name] === undefined ? DEFAULTS[name] : wholeNumber(name, options[name], limitsOf(name, options))
  return {
    buffer: number('buffer'),
    bufferDirectory: directoryOf('bufferDirectory', options.bufferDirectory),
    connections: number('connections'),
    segmentSize: number('segmentSize'),
    headers: options.headers === undefined ? DEFAULTS.headers : fieldsOf(options.headers),
    checksum: options.checksum === undefined ? DEFAULTS.checksum : parseChecksum(options.checksum),
    expected: options.expected === undefined ? DEFAULTS.expected : expectedOf(options.expected),
    mirrors: options.mirrors === undefined ? DEFAULTS.mirrors : mirrorsOf(options.mirrors),
    mirrorTags: choiceOf(options, 'mirrorTags'),
    resume: choiceOf(options, 'resume'),
    existing: choiceOf(options, 'existing'),
    missingDirectory: choiceOf(options, 'missingDirectory'),
    resumeKey: options.resumeKey ?? DEFAULTS.resumeKey,
    retries: number('retries'),
    retryDelay: number('retryDelay'),
    maxRetryDelay: number('maxRetryDelay'),
    connectTimeout: number('connectTimeout'),
    stallTimeout: number('stallTimeout'),
    maxRedirects: number('maxRedirects'),
    limitRate: number('limitRate'),
    minRate: number('minRate'),
    proxy: options.proxy ?? DEFAULTS.proxy,
    caFile: options.caFile ?? DEFAULTS.caFile,
    certFile: options.certFile ?? DEFAULTS.certFile,
    keyFile: options.keyFile ?? DEFAULTS.keyFile,
    netrc: choiceOf(options, 'netrc'),
    delay: number('delay'),
    html: choiceOf(options, 'html'),
    modified: choiceOf(options, 'modified'),
    onSegment: options.onSegment ?? DEFAULTS.onSegment,
    signal: options.signal ?? DEFAULTS.signal,
  }
}

function directoryOf(name: string, given: string | undefined): string | null {
  if (given === '' || given?.includes('\0')) throw usage(`${name} is not a name of a directory`)
  return given ?? null
}

function choiceOf<Name extends ChoiceOption>(options: DownloadOptions, name: Name): Settings[Name] {
  const value: unknown = options[name] === undefined ? DEFAULTS[name] : options[name]
  const found = CHOICES[name].find((allowed) => allowed === value)
  if (found !== undefined) return found
  throw usage(`${name} must be one of ${CHOICES[name].join(', ')}, not ${shown(value)}`)
}

function wholeNumber(name: string, value: unknown, limits: NumberLimits): number {
  if (isWithin(value, limits)) return value
  const range = contradictionOf(limits) ?? `from ${limits.least} to ${limits.most}${reasonOf(limits)}`
  throw usage(`${name} must be a whole number ${range}, not ${shown(value)}`)
}

function shown(value: unknown): string {
  if (typeof value === 'object' || typeof value === 'function') return 'a value of another type'
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
