// The demo: downloads a file in steps of a few bytes, each with its own range, over the public API.
import { basename, relative } from 'node:path'
import { exitStatusOf, OUTPUT_FAILED } from '../command/exit-status.ts'
import { leaveTerminal } from '../command/foreground.ts'
import { watchKeys } from '../command/keys.ts'
import { OutputStream } from '../command/output-stream.ts'
import { leave, watchStopSignals } from '../command/stop-signals.ts'
import { type Download, DownloadError, download } from '../index.ts'
import { oneLine } from '../text/one-line.ts'
import { publicUrl } from '../text/public-url.ts'
import { DEMO_HELP, type DemoArguments, parseDemoArguments } from './arguments.ts'
import { readSource, sha256Of } from './comparison.ts'
import { DemoDisplay } from './display.ts'
import { type DemoServer, DemoServerError, startDemoServer } from './server-process.ts'

const SERVER_FAILED = 13
const STEP_PAUSE_MS = 1000
/** Only a few retries: a person is watching, and the server is on the same machine. */
const RETRIES = 3
const RETRY_DELAY_MS = 300

const stderr = new OutputStream(process.stderr)
const stdout = new OutputStream(process.stdout, (code) => {
  stderr.write(`demo: cannot write to standard output (${code})\n`)
})

/** Shows what happens between the steps: that it resumes, waits or pauses. */
async function follow(walk: Download, display: DemoDisplay): Promise<void> {
  let last = ''
  for await (const { state, received, resumed, total, message } of walk) {
    const soFar = `${received} of ${total ?? 'an unknown number of'} bytes`
    const note =
      state === 'paused'
        ? `paused at ${soFar}: press any key (or type anything and Enter) to resume, q or Ctrl-C to stop`
        : state === 'waiting'
          ? `${message}; retrying`
          : state === 'downloading' && resumed > 0 && last === ''
            ? `resuming: an earlier run received ${resumed} bytes`
            : state === 'downloading' && last.startsWith('paused')
              ? `resuming at ${soFar}`
              : state === 'downloading' && message !== '' && received === 0
                ? message
                : last
    if (note !== last) display.note(note)
    last = note
  }
}

async function walk(args: DemoArguments, origin: string, stop: AbortSignal): Promise<void> {
  const display = new DemoDisplay(stdout, process.env)
  const url = new URL(encodeURIComponent(args.file), origin.endsWith('/') ? origin : `${origin}/`)
  const name = relative(process.cwd(), args.out) || args.out
  const existing = args.fresh ? null : await sha256Of(args.out, stop)
  if (existing !== null) {
    const source = await readSource(url, stop)
    if (existing === source.sha256) {
      display.say(
        `${name} is complete: ${source.size} bytes, equal to ${publicUrl(url)} (SHA-256 ${existing})`,
      )
      return
    }
    display.note(
      `${name} differs from ${publicUrl(url)}: downloading it again. The old file stays until the new one is complete`,
    )
  }
  const started = performance.now()
  const steps = download(url, args.out, {
    segmentSize: args.step,
    connections: 1,
    delay: args.delay ?? (stdout.columns !== null ? STEP_PAUSE_MS : 0),
    // The port of the demo server may change between runs, so the file is identified by its name and its ETag.
    ...(args.url === null ? { resumeKey: `demo server: ${args.file}` } : {}),
    resume: args.fresh ? 'never' : 'auto',
    existing: 'replace',
    retries: RETRIES,
    retryDelay: RETRY_DELAY_MS,
    onSegment: (report) => display.step(report),
    signal: stop,
  })
  const unwatch = watchKeys(process.stdin, (key) => {
    if (key === 'p') steps.pause()
    else if (key === 'q' || key === 'interrupt') process.kill(process.pid, 'SIGINT')
    else steps.resume() // also at the end of the input, because no key can follow
  })
  try {
    const [{ warnings }] = await Promise.all([steps.finished, follow(steps, display)])
    for (const warning of warnings) display.note(`note: ${warning}`)
  } catch (error) {
    const { received, total } = steps.progress
    if (error instanceof DownloadError && error.code === 'ERR_DOWNLOAD_ABORTED') {
      const soFar = `${received} of ${total ?? 'an unknown number of'} bytes`
      if (received === 0) throw error
      throw new DownloadError(error.code, `stopped at ${soFar}; the same command resumes there`)
    }
    throw error
  } finally {
    unwatch()
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  await compare(args, { url, name, stop }).then((size) => {
    const count = `${display.steps} ${display.steps === 1 ? 'step' : 'steps'}`
    display.say(`${name}: ${size} bytes in ${count} and ${seconds} s, equal to the source (SHA-256)`)
  })
}

async function compare(
  args: DemoArguments,
  { url, name, stop }: { url: URL; name: string; stop: AbortSignal },
): Promise<number> {
  const [mine, source] = await Promise.all([sha256Of(args.out, stop), readSource(url, stop)])
  if (mine === source.sha256) return source.size
  const hint = 'it may have changed on the server. Run again'
  throw new DownloadError('ERR_DOWNLOAD_DIGEST', `${name} differs from ${publicUrl(url)}: ${hint}`)
}

async function main(): Promise<number> {
  const stop = watchStopSignals()
  let server: DemoServer | null = null
  try {
    const args = parseDemoArguments(process.argv.slice(2), process.env)
    if (args.help) {
      stdout.write(`${DEMO_HELP}\n`)
      return 0
    }
    if (args.url === null) {
      server = await startDemoServer(args.port)
      stdout.write(`demo server on ${server.url}; ${args.file} -> ${basename(args.out)}\n`)
    }
    await walk(args, args.url ?? server?.url ?? '', stop.signal)
    return 0
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    stderr.write(`demo: ${oneLine(message)}\n`)
    if (error instanceof DemoServerError) return SERVER_FAILED
    return stop.status() ?? exitStatusOf(error)
  } finally {
    server?.stop()
  }
}

process.once('exit', (status) => {
  if (status === 0 && stdout.isBroken) process.exitCode = OUTPUT_FAILED
  leaveTerminal()
})
leave(await main())
