// The command line of range-get.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Destination, DownloadOptions } from '../index.ts'
import { durationMs, headersFrom, integer, sizeOf, usage, withScheme } from '../text/argument-values.ts'
import { NUMBER_LIMITS, type NumberOption } from '../text/option-limits.ts'
import { EXIT_STATUS_HELP } from './exit-status.ts'

/** One download that was asked for. */
export interface Job {
  readonly url: string
  readonly destination: Destination
}

/** What the command was asked to do. */
export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'get'
      readonly jobs: readonly Job[]
      readonly options: DownloadOptions
      readonly output: 'people' | 'quiet' | 'json'
    }

/** The text of `--help`. */
export const HELP: string = `Usage: range-get [options] URL...

Downloads files over http and https, in parallel ranges, and resumes earlier runs. A file gets its name only
when it is complete and verified. Until then it is NAME.part.

Output
  -o, --output FILE       name of the file (one URL only)
  -d, --dir DIR           directory for files that the server or the URL names (default .)
      --overwrite         replace an existing file once the new one is complete, and keep its mode;
                          without this option an existing file is an error and is not changed
      --no-resume         start from 0, even if an earlier run can be resumed
      --resume-key KEY    resume the download with the same KEY, even if its URL was another one
                          (renewed links, mirrors)
      --server-time       give the file the date of Last-Modified
      --accept-html       accept a page, an error message or a Git LFS pointer, although the names of the
                          file say that it is something else
Transfer
  -n, --connections N     connections at the same time (default 4)
      --segment-size SIZE bytes in one request: 4, 64k, 8M (default: automatic)
      --limit-rate RATE   at most this many bytes per second, all connections together: 500k, 2M
      --min-rate RATE     retry if all connections together are slower than this, in bytes per second,
                          for the stall timeout: 10k
      --delay MS          milliseconds between two segments of a connection
  -H, --header 'K: V'     header field to send (may be repeated)
      --checksum DIGEST   expected digest: sha-256=… or sha-512=…, hexadecimal or base64
      --proxy URL         proxy to use instead of http_proxy, https_proxy, all_proxy; no_proxy applies
Retries and timeouts
      --retries N         failures in a row without progress (default 5)
      --retry-delay S     seconds before the first retry; doubled each time (default 1)
      --max-retry-delay S longest wait; if a server asks for a longer one, the download fails (default 300)
      --stall-timeout S   seconds without a byte that count as a failure (default 30)
      --connect-timeout S seconds to connect (default 15)
      --max-redirects N   redirects to follow (default 10)
Display
  -q, --quiet             show errors only
      --json              print one JSON object per line: progress, then the result
  -h, --help, --version

While it runs: p pauses, any other key resumes, q or Ctrl-C stops. The same command later resumes the download.

${EXIT_STATUS_HELP}
With several URLs the status is that of the first failure. The other files are downloaded nevertheless.`

const TEXT = { type: 'string' } as const
const FLAG = { type: 'boolean' } as const
const OPTIONS = {
  output: { ...TEXT, short: 'o' },
  dir: { ...TEXT, short: 'd' },
  connections: { ...TEXT, short: 'n' },
  'segment-size': TEXT,
  checksum: TEXT,
  header: { ...TEXT, short: 'H', multiple: true },
  retries: TEXT,
  'retry-delay': TEXT,
  'max-retry-delay': TEXT,
  'stall-timeout': TEXT,
  'connect-timeout': TEXT,
  'max-redirects': TEXT,
  'limit-rate': TEXT,
  'min-rate': TEXT,
  'no-resume': FLAG,
  'resume-key': TEXT,
  overwrite: FLAG,
  'server-time': FLAG,
  'accept-html': FLAG,
  proxy: TEXT,
  delay: TEXT,
  quiet: { ...FLAG, short: 'q' },
  json: FLAG,
  help: { ...FLAG, short: 'h' },
  version: FLAG,
} as const

/** Reads the command line. @throws DownloadError `ERR_DOWNLOAD_USAGE` */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args)
  if (values.help) return { kind: 'help' }
  if (values.version) return { kind: 'version' }
  if (positionals.length === 0) throw usage('no URL was given')
  if (values.output !== undefined && positionals.length > 1)
    throw usage('-o names one file, but there are several URLs; use -d')
  if (values.output !== undefined && values.dir !== undefined) throw usage('-o and -d exclude each other')
  if (values.output === '' || values.dir === '') throw usage('the output must have a name')
  if (values.output === '-')
    throw usage('cannot write to standard output: name a file (for a file called "-" write ./-)')
  const destination: Destination =
    values.output === undefined ? { directory: resolve(values.dir ?? '.') } : values.output
  return {
    kind: 'get',
    jobs: positionals.map((url) => ({ url: withScheme(url), destination })),
    options: optionsFrom(values),
    output: values.json ? 'json' : values.quiet ? 'quiet' : 'people',
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw usage(error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? '') : String(error))
  }
}

type Values = ReturnType<typeof parse>['values']

function optionsFrom(values: Values): DownloadOptions {
  const duration = (
    name: 'stall-timeout' | 'connect-timeout' | 'retry-delay' | 'max-retry-delay',
    option: NumberOption,
  ) => given(values[name], (text) => durationMs(name, text, NUMBER_LIMITS[option]))
  const whole = (name: 'connections' | 'retries' | 'max-redirects' | 'delay', option: NumberOption) =>
    given(values[name], (text) => integer(name, text, NUMBER_LIMITS[option]))
  const bytes = (name: 'segment-size' | 'limit-rate' | 'min-rate', option: NumberOption) =>
    given(values[name], (text) => sizeOf(name, text, NUMBER_LIMITS[option]))
  return withoutUndefined({
    connections: whole('connections', 'connections'),
    segmentSize: bytes('segment-size', 'segmentSize'),
    checksum: values.checksum,
    headers: headersFrom(values.header ?? []),
    retries: whole('retries', 'retries'),
    retryDelay: duration('retry-delay', 'retryDelay'),
    maxRetryDelay: duration('max-retry-delay', 'maxRetryDelay'),
    stallTimeout: duration('stall-timeout', 'stallTimeout'),
    connectTimeout: duration('connect-timeout', 'connectTimeout'),
    maxRedirects: whole('max-redirects', 'maxRedirects'),
    limitRate: bytes('limit-rate', 'limitRate'),
    minRate: bytes('min-rate', 'minRate'),
    resume: values['no-resume'] ? 'never' : 'auto',
    resumeKey: values['resume-key'],
    existing: values.overwrite ? 'replace' : 'refuse',
    modified: values['server-time'] ? 'server' : 'now',
    html: values['accept-html'] ? 'accept' : 'refuse',
    proxy: values.proxy,
    delay: whole('delay', 'delay'),
  })
}

/** The options that were given, with those that were not left out rather than undefined. */
function withoutUndefined(
  options: { [K in keyof DownloadOptions]: DownloadOptions[K] | undefined },
): DownloadOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function given<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text)
}
