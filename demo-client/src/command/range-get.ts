// The command range-get: downloads one file, or several at once, shows progress, and reacts to keys and signals.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty } from 'node:tty'
import { startDownload } from '../download.ts'
import { DownloadError } from '../index.ts'
import { nameFromUrl } from '../state/file-name.ts'
import { jsonLine, oneLine } from '../text/one-line.ts'
import { httpOrigin, publicUrl } from '../text/public-url.ts'
import {
  type Command,
  isForPrograms,
  isStandardOutput,
  isToStandardOutput,
  type Job,
  parseCommand,
  type SeveralOptions,
} from './arguments.ts'
import { BarTurn } from './bar-turn.ts'
import { completionFor } from './completion.ts'
import { barDisplay, type Display, jsonDisplay, lineDisplay, quietDisplay } from './display.ts'
import { assertNoTerminal, fileOutput, LazyStdout } from './events-place.ts'
import { BUG, EXIT_STATUS, exitStatusOf, isReaderGone, OUTPUT_FAILED, READER_GONE } from './exit-status.ts'
import { exposeGc } from './expose-gc.ts'
import { leaveTerminal } from './foreground.ts'
import { HELP } from './help.ts'
import { type Key, watchKeys } from './keys.ts'
import { OutputStream } from './output-stream.ts'
import { leave, type StopSignals, watchStopSignals } from './stop-signals.ts'
import { styleFor } from './terminal-style.ts'

/** Pause between two redraws: more often is not visible. */
const FRAME_MS = 100
const LINE_INTERVAL_MS = 5000
const JSON_INTERVAL_MS = 500

const stderr = new OutputStream(process.stderr)
const style = styleFor(process.stderr, process.env)
/** What is printed. The reader of a text may have seen enough: `range-get --help | head -1`. */
let printing: 'events' | 'text' = 'events'
let hasOutputFailed = false
const stdout = new LazyStdout((code) => {
  if (printing === 'text' && code === 'EPIPE') return
  hasOutputFailed = true
  stderr.write(`range-get: cannot write to standard output (${code})\n`)
})

/** Standard error is where the bar is. */
const barTurn = new BarTurn(process.stderr.fd)

type Get = Extract<Command, { kind: 'get' }>

const isToStdout = ({ destination }: Job): boolean => isStandardOutput(destination)

/** Nothing may get between the files on standard output. */
function eventsOf(job: Job): OutputStream {
  return isToStdout(job) ? stderr : stdout.stream
}

function displayFor({ output }: Get, job: Job): Display {
  const url = publicUrl(job.url)
  if (output === 'json')
    return jsonDisplay({ out: eventsOf(job), errors: isToStdout(job) ? null : stderr, url })
  if (output === 'quiet') return quietDisplay(stderr)
  const place = { out: stderr, style, name: nameOf(job) }
  return canRedraw() ? barDisplay(place, barTurn) : lineDisplay(place, LINE_INTERVAL_MS)
}

/** The probable name of the file. */
function nameOf({ url, destination }: Job): string {
  if (typeof destination === 'string') return basename(destination)
  return URL.canParse(url) ? nameFromUrl(new URL(url)) : publicUrl(url)
}

/** Is this a terminal that supports escape sequences? Windows sets no TERM, and its terminals support them. */
function canRedraw(): boolean {
  if (stderr.columns === null) return false
  const terminal = process.env['TERM'] ?? ''
  return terminal === '' ? process.platform === 'win32' : terminal !== 'dumb'
}

async function follow(run: Started, display: Display, intervalMs: number): Promise<void> {
  let state = ''
  for await (const progress of run) {
    display.progress(progress)
    // A change of state is shown at once. Otherwise the newest progress is shown at intervals.
    if (progress.state === state)
      await Promise.race([sleep(intervalMs, undefined, { ref: false }), run.finished.catch(() => undefined)])
    state = progress.state
  }
}

/** Signals and keys, for all downloads of a command. */
interface Controls {
  readonly stop: StopSignals
  onKey(listener: (key: Key) => void): void
}

type Started = ReturnType<typeof startDownload>

function start({ url, destination }: Job, { jobs: [first], options }: Get, signal: AbortSignal): Started {
  const place = isStandardOutput(destination) ? fileOutput() : destination
  const secrets = { origin: httpOrigin(first?.url ?? url) }
  return startDownload({ url, destination: place, options: { ...options, signal } }, { secrets })
}

async function get(job: Job, command: Get, { stop, onKey }: Controls): Promise<number> {
  const display = displayFor(command, job)
  const run = start(job, command, stop.signal)
  onKey((key) => {
    if (key === 'p') run.pause()
    else run.resume() // also at the end of the input, because no key can follow
  })
  try {
    await follow(run, display, command.output === 'json' ? JSON_INTERVAL_MS : FRAME_MS)
    display.result(await run.finished)
    return 0
  } catch (error) {
    const isGone = isToStdout(job) && isReaderGone(error)
    const status = isGone ? READER_GONE : exitStatusOf(error)
    return report(error, {
      status: status === EXIT_STATUS.ERR_DOWNLOAD_ABORTED ? (stop.status() ?? status) : status,
      events: command.output === 'json' ? eventsOf(job) : null,
      url: publicUrl(job.url),
      // A program before a pipe says nothing when its reader has seen enough.
      show: (line) => display.failure(isGone ? '' : line),
    })
  }
}

/** One file, or several one after the other to standard output. */
async function getInOrder(command: Get, controls: Controls): Promise<number> {
  for (const job of command.jobs) {
    const status = await get(job, command, controls)
    // What comes after a file that is not whole would be in its place.
    if (status !== 0) return status
  }
  return 0
}

/** Several files, or what only makes sense with lists. */
async function getTogether(command: Get, several: SeveralOptions, controls: Controls): Promise<number> {
  const { getOrCheck } = await import('./together.ts')
  const { stop, onKey } = controls
  const events = command.output === 'json' ? stdout.stream : null
  return await getOrCheck({
    ...{ command, several, stdout, stderr, style, signal: stop.signal },
    bar: canRedraw() ? barTurn : null,
    report: (error, url, show) => report(error, { status: exitStatusOf(error), events, url, show }),
    onPause: (change) => onKey((key) => change(key === 'p' ? 'pause' : 'resume')),
  })
}

interface Report {
  readonly status: number
  /** Where events go, or null. */
  readonly events: OutputStream | null
  readonly url: string | null
  /** Writes the line for people. */
  readonly show: (line: string) => void
}

function report(error: unknown, { status, events, url, show }: Report): number {
  const message = error instanceof Error ? error.message : String(error)
  const where = url === null ? '' : `${url}: `
  if (events !== null) {
    const code = error instanceof DownloadError ? error.code : 'ERR_INTERNAL'
    events.write(`${jsonLine({ event: 'error', url, code, message, status })}\n`)
  }
  const hint =
    status === EXIT_STATUS.ERR_DOWNLOAD_EXISTS
      ? ' (--overwrite replaces it, --update only if it has changed)'
      : ''
  const text = style.legible(oneLine(`${where}${message}${hint}`))
  show(`${style.paint('failure', 'range-get:')} ${text}\n`)
  return status
}

async function getAll(command: Get): Promise<number> {
  const stop = watchStopSignals()
  // With this handler a write beyond the limit on file sizes fails with EFBIG. Without it the process is killed.
  process.on('SIGXFSZ', () => undefined)
  let listener: (key: Key) => void = () => undefined
  // A pipe or file on standard input belongs to another program, such as the `read` of a shell loop.
  const unwatch = !isatty(0)
    ? () => undefined
    : watchKeys(process.stdin, (key) => {
        if (key === 'q' || key === 'interrupt') process.kill(process.pid, 'SIGINT')
        else listener(key)
      })
  const onKey = (next: (key: Key) => void): void => {
    listener = next
  }
  let status = 0
  const controls = { stop, onKey }
  try {
    if (command.several === null) status = await getInOrder(command, controls)
    else status = await getTogether(command, command.several, controls)
  } finally {
    unwatch()
  }
  return status === 0 ? 0 : (stop.status() ?? status)
}

function version(): string {
  // The bundle is beside the other built files, one folder below the manifest.
  const { createRequire } = process.getBuiltinModule('node:module')
  const path = createRequire(import.meta.url).resolve('../package.json')
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return isManifest ? String(manifest.version) : 'unknown'
}

function print(text: string): number {
  printing = 'text'
  stdout.stream.write(text)
  return 0
}

async function main(args: readonly string[]): Promise<number> {
  let command: Command
  try {
    command = parseCommand(args)
    if (command.kind === 'get' && command.jobs.some(isToStdout)) assertNoTerminal()
  } catch (error) {
    const output = isToStandardOutput(args) ? stderr : stdout.stream
    const events = isForPrograms(args) ? output : null
    return report(error, {
      status: exitStatusOf(error),
      events,
      url: null,
      show: (line) => {
        if (events !== stderr) stderr.write(line)
      },
    })
  }
  switch (command.kind) {
    case 'help':
      return print(`${HELP}\n`)
    case 'version':
      return print(`range-get ${version()}\n`)
    case 'completion':
      return print(completionFor(command.shell))
    case 'get':
      return await getAll(command)
  }
}

exposeGc()
process.once('exit', (status) => {
  if (status === 0 && hasOutputFailed) process.exitCode = OUTPUT_FAILED
  leaveTerminal()
})
// Until the end is reached: a command with nothing left to wait for has not succeeded.
process.exitCode = BUG

/** Resolves when the command has ended, before the process does. */
export const ended: Promise<void> = main(process.argv.slice(2)).then(leave)
