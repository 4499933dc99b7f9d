// The demo's command line.
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { EXIT_STATUS_HELP } from '../command/exit-status.ts'
import { integer, usage } from '../text/argument-values.ts'
import { publicUrl } from '../text/public-url.ts'

/** What the demo was asked to do. */
export interface DemoArguments {
  /** Bytes per step. */
  readonly step: number
  /** Name of the file on the server. */
  readonly file: string
  /** Path of the output. */
  readonly out: string
  /** Milliseconds between two steps; null: one second on a terminal, none elsewhere. */
  readonly delay: number | null
  /** Start over, whatever is there. */
  readonly fresh: boolean
  /** Port for the demo server; null: 3000 or the next free one. */
  readonly port: number | null
  /** A server that runs already; null: start the demo server. */
  readonly url: string | null
  readonly help: boolean
}

export const DEMO_HELP: string = `npm run demo -- [options]

Starts the demo server, downloads a text from it in small ranges, one request a step, and compares the
result with the source. p pauses, q or Ctrl-C stops, and the next run
continues there; anything else goes on.

Options
  --step N      bytes per step (default 4)
  --file NAME   file to download (default 2.txt; also content.txt, bd_logo.png)
  --out PATH    output, relative to where the command was typed (default 3.txt)
  --delay MS    milliseconds between steps (default 1000 on a terminal, 0 elsewhere)
  --fresh       start over instead of continuing
  --port N      port of the demo server (default 3000, or the next free one; 0: any)
  --url URL     use the server that runs at URL instead of starting one
  --help        this text

${EXIT_STATUS_HELP}
  13   the demo server could not be started (its port is in use, for instance)`

/** Reads the command line. @throws DownloadError `ERR_DOWNLOAD_USAGE` */
export function parseDemoArguments(args: readonly string[], env: NodeJS.ProcessEnv): DemoArguments {
  const values = parse(args)
  const file = values.file ?? '2.txt'
  if (file === '' || file.includes('/')) throw usage(`--file takes the name of a file, not "${file}"`)
  if (values.url !== undefined && values.port !== undefined)
    throw usage('--url and --port exclude each other')
  if (values.url !== undefined && !/^https?:\/\//.test(values.url))
    throw usage(`not an http URL: ${publicUrl(values.url)}`)
  const port = values.port === undefined ? null : integer('port', values.port, { least: 0, most: 65_535 })
  return {
    step: integer('step', values.step ?? '4', { least: 1, most: 1024 * 1024 * 1024 }),
    file,
    out: resolve(typedIn(env), values.out ?? '3.txt'),
    delay: values.delay === undefined ? null : integer('delay', values.delay, { least: 0, most: 3_600_000 }),
    fresh: values.fresh ?? false,
    port,
    url: values.url ?? null,
    help: values.help ?? false,
  }
}

/** npm runs scripts in the package's directory and keeps where they were typed in INIT_CWD. */
function typedIn(env: NodeJS.ProcessEnv): string {
  const isRunByNpm = env['npm_lifecycle_event'] === 'demo'
  return (isRunByNpm ? env['INIT_CWD'] : undefined) ?? process.cwd()
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const
    const flag = { type: 'boolean' } as const
    const options = { port: text, step: text, file: text, out: text, delay: text, url: text } as const
    return parseArgs({ args: [...args], options: { ...options, fresh: flag, help: flag } }).values
  } catch (error) {
    // Only the first sentence: the rest explains how to pass such a thing as a positional argument.
    throw usage(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error))
  }
}
