import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { LARGE_NAME } from '../fixtures.ts'
import { type Spread, spreadOf } from '../report/statistics.ts'
import { nginxVersion, startNginx } from '../servers/nginx.ts'
import { startCappedProxy } from './capped-proxy.ts'
import {
  CAPPED_BYTES,
  CAPPED_NAME,
  type Contender,
  FOUR_NAME,
  LIST_NAME,
  SMALL_BYTES,
  SMALL_FILES,
  SMALL_FOLDER,
  WORKS,
  type Work,
} from './works.ts'

/** The result of one downloader at one kind of work. */
export interface ClientRow {
  readonly work: string
  readonly contender: string
  readonly seconds: Spread
  /** Its peak resident memory. */
  readonly peakRssMiB: number
  /** range-get's median divided by this one's. Below 1, range-get was faster. */
  readonly ratio: number
}

/** The rows, and what was skipped and why. */
export interface ClientBench {
  readonly rows: readonly ClientRow[]
  readonly skipped: readonly string[]
}

/** The options of the comparison. */
export interface ClientBenchOptions {
  /** The folder that nginx serves. It contains the large test file. */
  readonly root: string
  /** Runs of each downloader; the median counts. */
  readonly rounds: number
}

const CAP = { bytesPerSecond: 4_000_000, delay: 50 }
const MIB = 1024 ** 2
/** Nothing more: a proxy would change the route, and every Node reads NODE_EXTRA_CA_CERTS when it starts. */
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: process.env['HOME'] }

/** Compares range-get with the downloaders that are installed, each to a fresh file, from nginx on loopback. */
export async function runClientBench({ root, rounds }: ClientBenchOptions): Promise<ClientBench> {
  if ((await nginxVersion()) === undefined)
    return { rows: [], skipped: ['all downloads: nginx is not installed'] }
  const folder = await mkdtemp(join(tmpdir(), 'range-get-bench-'))
  const nginx = await startNginx(root, 'off')
  const proxy = await startCappedProxy(nginx.port, CAP)
  const rows: ClientRow[] = []
  const skipped: string[] = []
  try {
    await copyBeginning(join(root, LARGE_NAME), join(root, CAPPED_NAME))
    await makeSmallFiles(root, `http://127.0.0.1:${nginx.port}`)
    for (const work of WORKS) {
      const port = work.line === 'capped' ? proxy.port : nginx.port
      const installed: Contender[] = []
      for (const contender of work.contenders) {
        if (await isInstalled(contender.command)) installed.push(contender)
        else skipped.push(`${contender.name}: not installed`)
      }
      const isList = work.file === LIST_NAME
      const url = isList ? join(root, LIST_NAME) : `http://127.0.0.1:${port}/${work.file}`
      rows.push(...(await compare(work, installed, { url, output: join(folder, 'output'), rounds })))
    }
    return { rows, skipped }
  } finally {
    proxy.stop()
    await nginx.stop()
    await rm(folder, { recursive: true, force: true })
    for (const name of [CAPPED_NAME, FOUR_NAME, LIST_NAME, SMALL_FOLDER])
      await rm(join(root, name), { recursive: true, force: true })
  }
}

interface Effort {
  readonly url: string
  readonly output: string
  readonly rounds: number
}

/**
 * Runs the contenders in turn, round after round, so that a disturbance affects all of them equally. Each round begins
 * with a different one, because each leaves something different in memory and on the disk for the next.
 */
async function compare(work: Work, contenders: readonly Contender[], effort: Effort): Promise<ClientRow[]> {
  const runs = contenders.map((contender) => ({ contender, seconds: [] as number[], peak: 0 }))
  for (let round = 0; round < effort.rounds; round++) {
    const first = round % runs.length
    for (const run of [...runs.slice(first), ...runs.slice(0, first)]) {
      const { seconds, peakBytes } = await measure(run.contender, work, effort)
      run.seconds.push(seconds)
      run.peak = Math.max(run.peak, peakBytes)
    }
  }
  const spreads = runs.map((run) => spreadOf(run.seconds))
  const ours = spreads[0]?.median ?? Number.NaN
  return runs.flatMap(({ contender, peak }, index) => {
    const seconds = spreads[index]
    if (seconds === undefined) return []
    const ratio = ours / seconds.median
    return [{ work: work.name, contender: contender.name, seconds, peakRssMiB: peak / MIB, ratio }]
  })
}

async function measure(
  { name, command, args, until, to = 'file' }: Contender,
  { bytes }: Work,
  { url, output }: Effort,
): Promise<{ seconds: number; peakBytes: number }> {
  await rm(output, { recursive: true, force: true })
  if (to === 'folder') await mkdir(output)
  // Data that earlier runs left unwritten must not be counted in this one.
  await promisify(execFile)('sync')
  const started = performance.now()
  const stdout = to === 'pipe' ? 'pipe' : 'ignore'
  const child = spawn(command, args(url, output), { stdio: ['ignore', stdout, 'ignore'], env: ENVIRONMENT })
  const ended = once(child, 'exit')
  const counted = child.stdout === null ? null : countIn(child.stdout)
  let peakBytes = 0
  let isOver = false
  const watch = (async () => {
    while (!isOver) {
      peakBytes = Math.max(peakBytes, peakResident(child.pid))
      await sleep(20)
    }
  })()
  const [status] = await ended
  const piped = await counted
  if (until === 'flushed') await promisify(execFile)('sync', [output])
  const seconds = (performance.now() - started) / 1000
  isOver = true
  await watch
  if (status !== 0) throw new Error(`${name} ended with status ${status}`)
  // A downloader that leaves bytes out does not count.
  const got = piped ?? (await sizeOf(output))
  if (got !== bytes) throw new Error(`${name} brought ${got} of ${bytes} bytes`)
  return { seconds, peakBytes }
}

/** How many bytes come through a pipe, as wc(1) counts them. */
async function countIn(pipe: Readable): Promise<number> {
  const wc = spawn('wc', ['-c'], { stdio: [pipe, 'pipe', 'inherit'] })
  pipe.destroy() // only wc reads it
  return Number(await text(wc.stdout))
}

/** The size of a file, or of all files in a folder, in bytes. */
async function sizeOf(path: string): Promise<number> {
  const stats = await stat(path)
  if (!stats.isDirectory()) return stats.size
  const sizes = (await readdir(path)).map(async (name) => (await stat(join(path, name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** The peak resident memory of a process so far, in bytes, or 0 if /proc does not show it. */
function peakResident(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

async function isInstalled(command: string): Promise<boolean> {
  try {
    await promisify(execFile)(command, ['--version'])
    return true
  } catch {
    return false
  }
}

async function copyBeginning(from: string, to: string): Promise<void> {
  const source = await open(from)
  const target = await open(to, 'w')
  const buffer = Buffer.alloc(MIB)
  try {
    for (let at = 0; at < CAPPED_BYTES; at += buffer.length) {
      await source.read(buffer, 0, buffer.length, at)
      await target.write(buffer, 0, buffer.length, at)
    }
  } finally {
    await source.close()
    await target.close()
  }
}

/** The files of the works that are not large, and the list of their URLs. */
async function makeSmallFiles(root: string, origin: string): Promise<void> {
  await writeFile(join(root, FOUR_NAME), 'four')
  await mkdir(join(root, SMALL_FOLDER), { recursive: true })
  const names = Array.from({ length: SMALL_FILES }, (_, index) => `${SMALL_FOLDER}/${index}.bin`)
  for (const [index, name] of names.entries())
    await writeFile(join(root, name), Buffer.alloc(SMALL_BYTES, index))
  await writeFile(join(root, LIST_NAME), names.map((name) => `${origin}/${name}\n`).join(''))
}
