// The demo: starts the demo server, walks through a file, and reports how that ended.
import { exitStatusOf, OUTPUT_FAILED } from '../command/exit-status.ts'
import { leaveTerminal } from '../command/foreground.ts'
import { OutputStream } from '../command/output-stream.ts'
import { leave, watchStopSignals } from '../command/stop-signals.ts'
import { styleFor } from '../command/terminal-style.ts'
import { DownloadError } from '../index.ts'
import { publicUrl } from '../text/public-url.ts'
import { DEMO_HELP, type DemoArguments, parseDemoArguments } from './arguments.ts'
import { DemoDisplay, linesOn } from './display.ts'
import { chooseOutput } from './output-file.ts'
import { type DemoServer, DemoServerError, startDemoServer } from './server-process.ts'
import { walk } from './walk.ts'

const SERVER_FAILED = 13
/** 128 + SIGPIPE: the status that a shell gives to a program whose reader has ended. */
const READER_GONE = 141

const stop = watchStopSignals()
const readerGone = new AbortController()
const stderr = new OutputStream(process.stderr)
const stdout = new OutputStream(process.stdout, (code) => {
  if (code === 'EPIPE')
    readerGone.abort() // nobody watches any more, so there is nothing to report
  else complain(`cannot write to standard output (${code})`)
})

function complain(message: string): void {
  stderr.write(linesOn(stderr, styleFor(process.stderr, process.env), `demo: ${message}`))
}

async function run(args: DemoArguments, server: DemoServer | null): Promise<void> {
  const origin = args.url ?? server?.url ?? ''
  const output = await chooseOutput(args)
  const display = new DemoDisplay(stdout, process.env)
  const where = args.url === null ? `demo server on ${origin}` : `server on ${publicUrl(origin)}`
  display.say(`${where}; ${args.file} -> ${output.name}`)
  if (output.note !== null) display.note(output.note)
  const signal = AbortSignal.any([stop.signal, readerGone.signal])
  try {
    await walk({ args, origin, output, display, stop: signal })
  } catch (error) {
    throw isMissing(error) && server !== null ? noSuchFile(error, args.file, server.files) : error
  }
}

function isMissing(error: unknown): error is DownloadError {
  return error instanceof DownloadError && error.statusCode === 404
}

function noSuchFile(error: DownloadError, file: string, files: readonly string[]): DownloadError {
  const reason = `the demo server has no file "${file}"; it has ${files.join(', ')}`
  return new DownloadError(error.code, reason, { statusCode: 404, cause: error })
}

async function main(): Promise<number> {
  let server: DemoServer | null = null
  try {
    const args = parseDemoArguments(process.argv.slice(2), process.env)
    if (args.help) {
      stdout.write(`${DEMO_HELP}\n`)
      return 0
    }
    if (args.url === null) server = await startDemoServer(args.port)
    await run(args, server)
    return 0
  } catch (error) {
    if (readerGone.signal.aborted) return READER_GONE
    complain(error instanceof Error ? error.message : String(error))
    if (error instanceof DemoServerError) return SERVER_FAILED
    return stop.status() ?? exitStatusOf(error)
  } finally {
    server?.stop()
  }
}

process.once('exit', (status) => {
  if (status === 0 && stdout.isBroken)
    process.exitCode = readerGone.signal.aborted ? READER_GONE : OUTPUT_FAILED
  leaveTerminal()
})
leave(await main())
