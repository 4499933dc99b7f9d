import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { reapedCpuSeconds } from '../studies/process-usage.ts'
import type { Contender, Source } from './programs.ts'

/** One run of a downloader. */
export interface Run {
  readonly seconds: number
  /** CPU time of the program, in seconds. */
  readonly cpu: number
  /** Peak resident memory, or 0 if the program ended before it was looked at. */
  readonly peakBytes: number
}

/** Nothing more: a proxy would change the route, and every Node reads NODE_EXTRA_CA_CERTS when it starts. */
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
const POLL_MS = 5

/** Runs a downloader once, to a fresh file or folder `output`. Throws if it does not bring exactly `bytes` bytes. */
export async function measuredRun(
  { name, command, args, until, to = 'file' }: Contender,
  source: Source,
  { output, bytes }: { readonly output: string; readonly bytes: number },
): Promise<Run> {
  await rm(output, { recursive: true, force: true })
  if (to === 'folder') await mkdir(output)
  // Data that earlier runs left unwritten must not be counted in this one.
  await promisify(execFile)('sync')
  const cpuBefore = reapedCpuSeconds()
  const started = performance.now()
  const stdout = to === 'pipe' ? 'pipe' : 'ignore'
  const child = spawn(command, args(source, output), {
    stdio: ['ignore', stdout, 'ignore'],
    env: ENVIRONMENT,
  })
  const ended = once(child, 'exit')
  const counted = child.stdout === null ? null : countIn(child.stdout)
  let peakBytes = 0
  let isOver = false
  const watch = (async () => {
    while (!isOver) {
      // Before its first pause the process may not be the program yet.
      await sleep(POLL_MS)
      peakBytes = Math.max(peakBytes, peakResident(child.pid))
    }
  })()
  const [status] = await ended
  const cpu = reapedCpuSeconds() - cpuBefore
  const piped = await counted
  if (until === 'flushed') await promisify(execFile)('sync', [output])
  const seconds = (performance.now() - started) / 1000
  isOver = true
  await watch
  if (status !== 0) throw new Error(`${name} ended with status ${status}`)
  // A downloader that leaves bytes out does not count.
  const got = to === 'nowhere' ? bytes : (piped ?? (await sizeOf(output)))
  if (got !== bytes) throw new Error(`${name} brought ${got} of ${bytes} bytes`)
  return { seconds, cpu, peakBytes }
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
