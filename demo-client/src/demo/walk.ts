// The walk: downloads a file in steps of a few bytes, each with its own range, over the public API.
import { isForeground } from '../command/foreground.ts'
import { watchKeys } from '../command/keys.ts'
import { type Download, DownloadError, download } from '../index.ts'
import { publicUrl } from '../text/public-url.ts'
import type { DemoArguments } from './arguments.ts'
import { readSource, type Source, sha256Of } from './comparison.ts'
import type { DemoDisplay } from './display.ts'
import type { OutputFile } from './output-file.ts'
import { followStates, soFar } from './state-notes.ts'

const STEP_PAUSE_MS = 1000
/** Only a few retries: a person is watching, and the server is on the same machine. */
const RETRIES = 3
const RETRY_DELAY_MS = 300

/** What the keys do, if there is a terminal to type them on. */
export const KEYS = 'p pauses, any other key continues, q or Ctrl-C stops'

/** A file to download, and how. */
export interface Walk {
  readonly args: DemoArguments
  /** The URL of the server. */
  readonly origin: string
  readonly output: OutputFile
  readonly display: DemoDisplay
  readonly stop: AbortSignal
}

/** Downloads the file, unless the output is already equal to it, and compares it with the source. @throws DownloadError */
export async function walk(task: Walk): Promise<void> {
  const { args, output, display } = task
  const url = urlOf(task)
  const found = args.fresh && output.existing === 'replace' ? null : await findOutput(task, url)
  if (found?.isEqual && !args.fresh) {
    const { size, sha256 } = found.source
    display.say(`${output.name} is complete: ${size} bytes, equal to ${publicUrl(url)} (SHA-256 ${sha256})`)
    return
  }
  if (found?.isEqual === false) {
    assertReplaceable(output, url)
    const plan = 'downloading it again. The old file stays until the new one is complete'
    display.note(`${output.name} differs from ${publicUrl(url)}: ${plan}`)
  }
  const started = performance.now()
  await takeSteps(startDownload(task, found === null ? output.existing : 'replace'), display)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const size = await compare(task, url)
  const count = `${display.steps} ${display.steps === 1 ? 'step' : 'steps'}`
  display.say(`${output.name}: ${size} bytes in ${count} and ${seconds} s, equal to the source (SHA-256)`)
}

function urlOf({ args, origin }: Walk): URL {
  return new URL(encodeURIComponent(args.file), origin.endsWith('/') ? origin : `${origin}/`)
}

/** An output from before, compared with the source. */
interface Found {
  readonly isEqual: boolean
  readonly source: Source
}

async function findOutput({ output, stop }: Walk, url: URL): Promise<Found | null> {
  const sha256 = await sha256Of(output.path, stop)
  if (sha256 === null) return null
  const source = await readSource(url, stop)
  return { isEqual: sha256 === source.sha256, source }
}

/** @throws DownloadError `ERR_DOWNLOAD_EXISTS` for a file that the user has not named and that the demo did not make */
function assertReplaceable({ existing, name }: OutputFile, url: URL): void {
  if (existing === 'replace') return
  const advice = `--out ${name} replaces it, another --out keeps it`
  throw new DownloadError(
    'ERR_DOWNLOAD_EXISTS',
    `${name} exists and differs from ${publicUrl(url)}: ${advice}`,
  )
}

function startDownload(task: Walk, existing: OutputFile['existing']): Download {
  const { args, output, display, stop } = task
  return download(urlOf(task), output.path, {
    segmentSize: args.step,
    connections: 1,
    delay: args.delay ?? (display.isOnTerminal ? STEP_PAUSE_MS : 0),
    // The port of the demo server may change between runs, so the file is identified by its name and its ETag.
    ...(args.url === null ? { resumeKey: `demo server: ${args.file}` } : {}),
    resume: args.fresh ? 'never' : 'auto',
    existing,
    retries: RETRIES,
    retryDelay: RETRY_DELAY_MS,
    onSegment: (report) => display.step(report),
    signal: stop,
  })
}

/** Follows a download until its end, and lets keys control it. */
async function takeSteps(steps: Download, display: DemoDisplay): Promise<void> {
  const isAtTerminal = process.stdin.isTTY && isForeground()
  if (isAtTerminal) display.say(KEYS)
  else if (display.isOnTerminal) display.say('Ctrl-C stops')
  const unwatch = watchKeys(process.stdin, (key) => {
    if (key === 'p') steps.pause()
    else if (key === 'q' || key === 'interrupt') process.kill(process.pid, 'SIGINT')
    else steps.resume() // also at the end of the input, because no key can follow
  })
  try {
    const [{ warnings }] = await Promise.all([
      steps.finished,
      followStates(steps, (text) => display.note(text)),
    ])
    for (const warning of warnings) display.note(`note: ${warning}`)
  } catch (error) {
    const isStopped = error instanceof DownloadError && error.code === 'ERR_DOWNLOAD_ABORTED'
    if (!isStopped || steps.progress.received === 0) throw error
    throw new DownloadError(error.code, `stopped at ${soFar(steps.progress)}; the same command resumes there`)
  } finally {
    unwatch()
  }
}

/** Returns the size. @throws DownloadError `ERR_DOWNLOAD_DIGEST` if the output is not the source */
async function compare({ output, stop }: Walk, url: URL): Promise<number> {
  const [mine, source] = await Promise.all([sha256Of(output.path, stop), readSource(url, stop)])
  if (mine === source.sha256) return source.size
  const hint = 'it may have changed on the server. Run again'
  throw new DownloadError('ERR_DOWNLOAD_DIGEST', `${output.name} differs from ${publicUrl(url)}: ${hint}`)
}
