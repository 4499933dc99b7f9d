// The command line of the demo.
import { basename } from 'node:path'
import { EXIT_STATUS_MEANINGS, exitStatusHelp } from '../command/exit-status.ts'
import { type OptionForm, readCommandLine } from '../command/parse-options.ts'
import { durationMs, integer, usage } from '../text/argument-values.ts'
import { NUMBER_LIMITS } from '../text/option-limits.ts'
import { publicUrl } from '../text/public-url.ts'

/** The file that is downloaded if no other one is named. */
export const DEFAULT_FILE = '2.txt'

/** What the demo was asked to do. */
export interface DemoArguments {
  /** Bytes per step. */
  readonly step: number
  /** Name of the file on the server. */
  readonly file: string
  /** Path of the output, as it was typed; null: a name that follows that of the file. */
  readonly out: string | null
  /** The folder in which the user typed the command. */
  readonly folder: string
  /** Milliseconds between two steps; null: one second on a terminal, 0 otherwise. */
  readonly delay: number | null
  /** Start from 0, even if an earlier run can be resumed. */
  readonly fresh: boolean
  /** Port for the demo server; null: 3000 or the next free one. */
  readonly port: number | null
  /** A server that is already running; null: start the demo server. */
  readonly url: string | null
  readonly help: boolean
}

/** The text of `--help`, in at most 80 columns. */
export const DEMO_HELP: string = `npm run demo -- [options]

Starts the demo server, downloads a text from it in small ranges, one request
per step, and compares the result with the source. p pauses, any other key
continues, q or Ctrl-C stops. The next run resumes the download.

Options
  --step N      bytes per step (default 4)
  --file NAME   file to download (default ${DEFAULT_FILE}; also content.txt,
                bd_logo.png)
  --out PATH    output, relative to the current directory (default 3.txt for
                ${DEFAULT_FILE}, otherwise the name of the file, unless another
                file has it)
  --delay TIME  wait between steps: 200ms, 1.5s, 1m; a number alone counts
                milliseconds (default 1s on a terminal, 0 otherwise)
  --fresh       start from 0 instead of resuming
  --port N      port of the demo server (default 3000, or the next free one;
                0: any)
  --url URL     use a running server at URL instead of starting one
  -h, --help    show this text

Examples
  npm run demo -- --step 10 --file content.txt --out download.txt
  npm run demo -- --delay 200ms --fresh

NO_COLOR and FORCE_COLOR say whether colours are used.

${exitStatusHelp(allStatuses())}`

/** The statuses of range-get, with those that mean something else in the demo, which has not all options of range-get. */
function allStatuses(): typeof EXIT_STATUS_MEANINGS {
  const meanings = new Map([
    ...EXIT_STATUS_MEANINGS,
    [10, 'another process is downloading to the same file'],
    [11, 'the output already exists, and is not named by --out'],
    [13, 'the demo server could not be started (for instance, its port is in use)'],
    [141, 'standard output was closed by its reader, as in "| head"; run again to\nresume'],
  ])
  return [...meanings].sort(([one], [other]) => one - other)
}

const OPTIONS = [
  { name: 'step', value: 'N' },
  { name: 'file', value: 'NAME' },
  { name: 'out', value: 'PATH' },
  { name: 'delay', value: 'TIME' },
  { name: 'fresh' },
  { name: 'port', value: 'N' },
  { name: 'url', value: 'URL' },
  { name: 'help', short: 'h' },
] as const satisfies readonly OptionForm[]

type DemoOption = (typeof OPTIONS)[number]

/** What was given for each option. */
type DemoValues = {
  readonly [Option in DemoOption as Option['name']]?: Option extends { readonly value: string }
    ? string
    : true
}

/** Reads the command line. @throws DownloadError `ERR_DOWNLOAD_USAGE` */
export function parseDemoArguments(args: readonly string[], env: NodeJS.ProcessEnv): DemoArguments {
  const values = parse(args)
  const file = values.file ?? DEFAULT_FILE
  if (basename(file) !== file || ['', '.', '..'].includes(file))
    throw usage(`--file takes the name of a file, not "${file}"`)
  if (values.out === '') throw usage('--out takes a path')
  if (values.url !== undefined && values.port !== undefined)
    throw usage('--url and --port exclude each other')
  if (values.url !== undefined && !/^https?:\/\//.test(values.url))
    throw usage(`not an http URL: ${publicUrl(values.url)}`)
  const port = values.port === undefined ? null : integer('port', values.port, { least: 0, most: 65_535 })
  return {
    step: integer('step', values.step ?? '4', { least: 1, most: 1024 * 1024 * 1024 }),
    file,
    out: values.out ?? null,
    folder: typedIn(env),
    delay: values.delay === undefined ? null : delayOf(values.delay),
    fresh: values.fresh ?? false,
    port,
    url: values.url ?? null,
    help: values.help ?? false,
  }
}

/** As the option of range-get. */
function delayOf(text: string): number {
  return durationMs('delay', text, { limits: NUMBER_LIMITS.delay, bareUnit: 'ms' })
}

/** npm runs scripts in the package's directory. INIT_CWD is the directory in which the user typed the command. */
function typedIn(env: NodeJS.ProcessEnv): string {
  const isRunByNpm = env['npm_lifecycle_event'] === 'demo'
  return (isRunByNpm ? env['INIT_CWD'] : undefined) ?? process.cwd()
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` */
function parse(args: readonly string[]): DemoValues {
  const { values, positionals } = readCommandLine(args, OPTIONS, [])
  const [first] = positionals
  if (first !== undefined)
    throw usage(
      `there is no argument "${first}"; npm passes on options after "--": npm run demo -- --step 10`,
    )
  return values
}
