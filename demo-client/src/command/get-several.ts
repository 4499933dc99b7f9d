// Downloads several files at once, and shows them.
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type DownloadAllOptions,
  DownloadError,
  type DownloadOptions,
  type Downloads,
  downloadAll,
} from '../index.ts'
import { httpOrigin, publicUrl } from '../text/public-url.ts'
import type { Command, SeveralOptions } from './arguments.ts'
import { readChecksums } from './checksum-input.ts'
import { readMetalinks } from './metalink-input.ts'
import { type RequestContext, type RequestedFile, requestedFiles } from './requested-files.ts'
import type { SeveralDisplay } from './several-display.ts'

/** What the command has for it. */
export interface SeveralContext {
  readonly command: Extract<Command, { kind: 'get' }>
  readonly several: SeveralOptions
  /** Stops all files. */
  readonly signal: AbortSignal
  readonly createDisplay: (files: number | null) => SeveralDisplay
  /** Between two redraws, in ms. */
  readonly interval: number
  /** Reports a failure, and returns its status. `show` prints the line. */
  readonly report: (error: unknown, url: string | null, show: (line: string) => void) => number
  /** What a key does, from now on. */
  readonly onPause: (change: (to: 'pause' | 'resume') => void) => void
}

/** Downloads all files. Returns the status of the first failure, or 0. @throws DownloadError before anything is fetched */
export async function getSeveral(context: SeveralContext): Promise<number> {
  const { command, several, createDisplay, signal } = context
  const { request, notes } = await readRequest(context)
  const files = await countFiles(request)
  await assertDirectory(request.directory, command.options.missingDirectory)
  const display = createDisplay(several.lists.includes('-') ? null : files)
  for (const note of notes) display.note(note)
  const failures = new Failures((error, url) => context.report(error, url, display.line))
  const run = downloadAll(withoutFaults(request, failures), {
    ...ofAll(command.options),
    ...several.limits,
    missingDirectory: 'create', // that of -d is there by now; `out=` may name one below it
    signal,
  })
  context.onPause((to) => run[to]())
  const drawing = drawUntilEnd(run, display, context.interval)
  for await (const { file, result, error } of run) {
    if (error === null) display.result(file, result)
    else if (error.code !== 'ERR_DOWNLOAD_ABORTED') failures.add(error, publicUrl(file.url))
  }
  const end = await run.finished.catch((error: unknown) => error)
  await drawing
  if (end instanceof Error && (signal.aborted || failures.count === 0)) failures.add(end, null)
  const { done, received } = run.progress
  display.end({ done, failed: failures.count, received, isStopped: signal.aborted })
  return failures.status
}

/** Reports failures, and keeps the status of the first one. */
class Failures {
  readonly #report: (error: unknown, url: string | null) => number
  #status = 0
  #count = 0

  constructor(report: (error: unknown, url: string | null) => number) {
    this.#report = report
  }

  get status(): number {
    return this.#status
  }

  get count(): number {
    return this.#count
  }

  add(error: unknown, url: string | null): void {
    const status = this.#report(error, url)
    this.#count++
    if (this.#status === 0) this.#status = status
  }
}

/** What is about one file is in its request. */
function ofAll({ checksum: _, resumeKey: _k, mirrors: _m, ...options }: DownloadOptions): DownloadAllOptions {
  return options
}

/** Reads the files of checksums and the Metalinks, and puts together what decides about each file. */
export async function readRequest({
  command,
  several,
  signal,
}: Pick<SeveralContext, 'command' | 'several' | 'signal'>): Promise<{
  readonly request: RequestContext
  readonly notes: readonly string[]
}> {
  const { jobs, destination, options } = command
  const read =
    several.checksums.length === 0
      ? null
      : await readChecksums(several.checksums, { ...options, signal }, firstOrigin(jobs))
  const directory = directoryOf(destination)
  const { metalinks, notes } = await readMetalinks(several.metalinks, {
    directory,
    options: { ...options, signal },
    secretsFor: firstOrigin(jobs),
  })
  return {
    request: { several, jobs, directory, metalinks, checksums: read?.list ?? null, options },
    notes: [...(read?.notes ?? []), ...notes],
  }
}

function firstOrigin([first]: RequestContext['jobs']): string | null {
  return first === undefined ? null : httpOrigin(first.url)
}

function directoryOf(destination: SeveralContext['command']['destination']): string {
  if (typeof destination === 'string') return dirname(resolve(destination))
  return 'directory' in destination ? destination.directory : '.'
}

/** Counts the files whose lines are known beforehand. @throws DownloadError for the first line that is wrong */
async function countFiles(request: RequestContext): Promise<number> {
  let count = 0
  for await (const each of requestedFiles(request, 'checked')) {
    if ('fault' in each) throw each.fault
    count++
  }
  return count
}

/** Reports wrong lines, and what ends a list early. The other files are downloaded. */
async function* withoutFaults(
  request: RequestContext,
  failures: Failures,
): AsyncGenerator<RequestedFile, void, undefined> {
  try {
    for await (const each of requestedFiles(request, 'all')) {
      if ('fault' in each) failures.add(each.fault, null)
      else yield each
    }
  } catch (error) {
    failures.add(error, null)
  }
}

/** @throws DownloadError `ERR_DOWNLOAD_UNWRITABLE` */
async function assertDirectory(path: string, missing: DownloadOptions['missingDirectory']): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  if (isThere || missing === 'create') return
  throw new DownloadError(
    'ERR_DOWNLOAD_UNWRITABLE',
    `cannot write to ${path}: the directory does not exist. --create-dirs makes it`,
  )
}

async function drawUntilEnd(
  run: Downloads<RequestedFile>,
  display: SeveralDisplay,
  interval: number,
): Promise<void> {
  let isOver = false
  const over = run.finished.then(
    () => undefined,
    () => undefined,
  )
  const mark = (): void => {
    isOver = true
  }
  void over.then(mark)
  while (!isOver) {
    display.progress(run.progress)
    await Promise.race([sleep(interval, undefined, { ref: false }), over])
  }
}
