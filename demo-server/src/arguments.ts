import { parseArgs } from 'node:util'
import { type BucketAddress, parseBucketAddress } from './bucket-address.ts'

/** The parsed command line. */
export type Arguments =
  | {
      kind: 'run'
      port: number | undefined
      host: string
      dataDir: string | undefined
      s3: BucketAddress | undefined
      quiet: boolean
    }
  | { kind: 'help' }
  | { kind: 'invalid'; message: string }

/** The text of `--help`, in at most 80 columns. */
export const HELP = `Usage: npm start -- [options]

Serves the demo: its page at /, and the files of the walk-through at /2.txt,
/content.txt and /bd_logo.png.

Options
  --port N    listen on this port (default 3000, or the next free one; 0: any)
  --host H    listen on this address (default 127.0.0.1: this machine only)
  --data DIR  folder for the files that the demo generates (default
              demo-server/.data)
  --s3 URL    read the files of the walk-through from a bucket, not from disk:
              s3://BUCKET/PREFIX or https://ENDPOINT/BUCKET/PREFIX
  --quiet     log warnings and errors only
  -h, --help  show this text

Environment, with --s3
  AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
              the keys of the store; those of a profile of the aws command:
              eval "$(aws configure export-credentials --format env)"
  AWS_REGION, AWS_DEFAULT_REGION
              the region of the bucket (default us-east-1)
  AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL
              the store of s3://… (default: AWS)

Exit status
  0    stopped by a signal or by its parent
  1    a bug in this program
  2    a wrong option
  4    cannot listen on this address and port
  5    the bucket cannot be read, or lacks the files
`

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  data: { type: 'string' },
  s3: { type: 'string' },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

const NAMES = Object.keys(OPTIONS)
  .map((name) => `--${name}`)
  .join(', ')

/** Reads the arguments that follow the script's name; never throws. */
export function parseArguments(args: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS })
    if (values.help) return { kind: 'help' }
    for (const name of ['host', 'data', 's3'] as const) {
      if (values[name] === '') throw new RangeError(`--${name} must not be empty`)
    }
    const port = values.port === undefined ? undefined : parsePort(values.port)
    const s3 = values.s3 === undefined ? undefined : parseBucketAddress(values.s3)
    return { kind: 'run', port, host: values.host, dataDir: values.data, s3, quiet: values.quiet }
  } catch (error) {
    return { kind: 'invalid', message: error instanceof Error ? reasonOf(error) : String(error) }
  }
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) {
    throw new RangeError(`--port must be a number from 0 to 65535, not '${text}'`)
  }
  return Number(text)
}

/** What is wrong, in place of the messages of parseArgs, which are about programs in general. */
function reasonOf(error: Error): string {
  const [, option = ''] = /'(--?[^'\s]+)/.exec(error.message) ?? []
  switch ('code' in error ? error.code : '') {
    case 'ERR_PARSE_ARGS_UNKNOWN_OPTION':
      return `there is no option ${option}; there are ${NAMES}`
    case 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE':
      return /does not take/.test(error.message) ? `${option} takes no value` : `${option} takes a value`
    case 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL':
      return `there is no argument ${/'.*'/s.exec(error.message)?.[0] ?? ''}; npm passes on options after "--": npm start -- --port 3333`
    default:
      return error.message
  }
}
