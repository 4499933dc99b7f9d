import { parseArgs } from 'node:util'

/** The parsed command line. */
export type Arguments =
  | { kind: 'run'; port: number | undefined; host: string; dataDir: string | undefined; quiet: boolean }
  | { kind: 'help' }
  | { kind: 'invalid'; message: string }

/** The text of `--help`. */
export const HELP = `Usage: npm start -- [options]

Serves the demo: its page at /, and the files of the walk-through at /2.txt, /content.txt and /bd_logo.png.

  --port N   listen on exactly this port, 0 for any free one (default: 3000 or the next free one)
  --host H   listen on this address (default: 127.0.0.1, this machine only)
  --data DIR keep the files that the demo generates there (default: demo-server/.data)
  --quiet    log warnings and errors only
  -h, --help print this and exit

Exit status: 0 stopped by a signal or by its parent, 1 unexpected error, 2 wrong usage,
4 cannot listen at this address and port.
`

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  data: { type: 'string' },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** Reads the arguments that follow the script's name; never throws. */
export function parseArguments(args: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS })
    if (values.help) return { kind: 'help' }
    for (const name of ['host', 'data'] as const) {
      if (values[name] === '') throw new RangeError(`--${name} must not be empty`)
    }
    const port = values.port === undefined ? undefined : parsePort(values.port)
    return { kind: 'run', port, host: values.host, dataDir: values.data, quiet: values.quiet }
  } catch (error) {
    return { kind: 'invalid', message: error instanceof Error ? firstSentence(error.message) : String(error) }
  }
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) {
    throw new RangeError(`--port must be a number from 0 to 65535, not '${text}'`)
  }
  return Number(text)
}

/** The first sentence of a message of parseArgs, which adds advice about `--`. */
function firstSentence(message: string): string {
  return message.split('\n')[0]?.split('. ')[0] ?? message
}
