import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { CLI } from '../../support/cli.ts'
import { LARGE_BYTES, LARGE_NAME } from '../fixtures.ts'
import { type Spread, spreadOf } from '../report/statistics.ts'
import { nginxVersion, startNginx } from '../servers/nginx.ts'
import { startCappedProxy } from './capped-proxy.ts'

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

type Arguments = (url: string, output: string) => readonly string[]

interface Contender {
  readonly name: string
  readonly command: string
  readonly args: Arguments
  /** `'flushed'` includes a sync of the file, for programs that do not sync it themselves. */
  readonly until: 'exit' | 'flushed'
}

interface Work {
  readonly name: string
  readonly file: string
  readonly line: 'direct' | 'capped'
  readonly contenders: readonly Contender[]
}

const CAPPED_NAME = 'capped.bin'
const CAPPED_BYTES = 128 * 1024 ** 2
const CAP = { bytesPerSecond: 4_000_000, delay: 50 }
const MIB = 1024 ** 2
/** Nothing more: a proxy would change the route, and every Node reads NODE_EXTRA_CA_CERTS when it starts. */
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: process.env['HOME'] }

const ours = (connections: number): Contender => ({
  name: `range-get -n ${connections}`,
  command: process.execPath,
  until: 'exit',
  args: (url, output) => [CLI, '-q', '-n', String(connections), '-o', output, url],
})

const curl: Contender = {
  name: 'curl',
  command: 'curl',
  until: 'exit',
  args: (url, output) => ['-s', '-o', output, url],
}

/** A fair comparison: range-get also syncs the file to disk before it ends. */
const curlAndSync: Contender = { ...curl, name: 'curl, then sync of the file', until: 'flushed' }

const wget: Contender = {
  name: 'wget',
  command: 'wget',
  until: 'exit',
  args: (url, output) => ['-q', '-O', output, url],
}

/** With -x alone, aria2c uses at most five connections, and only for pieces of 20 MiB. So -s is set too. */
const aria2 = (connections: number): Contender => ({
  name: `aria2c -x${connections} -s${connections}`,
  command: 'aria2c',
  until: 'exit',
  args: (url, output) => [
    '-q',
    `-x${connections}`,
    `-s${connections}`,
    '-k1M',
    '-d',
    '/',
    '-o',
    output.slice(1),
    url,
  ],
})

const WORKS: readonly Work[] = [
  {
    name: '1 GiB, one connection',
    file: LARGE_NAME,
    line: 'direct',
    contenders: [ours(1), curl, curlAndSync, wget],
  },
  { name: '1 GiB, four connections', file: LARGE_NAME, line: 'direct', contenders: [ours(4), aria2(4)] },
  {
    name: '128 MiB, eight connections of 4 MB/s and 50 ms',
    file: CAPPED_NAME,
    line: 'capped',
    contenders: [ours(8), aria2(8)],
  },
]

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
    for (const work of WORKS) {
      const port = work.line === 'capped' ? proxy.port : nginx.port
      const installed: Contender[] = []
      for (const contender of work.contenders) {
        if (await isInstalled(contender.command)) installed.push(contender)
        else skipped.push(`${contender.name}: not installed`)
      }
      const url = `http://127.0.0.1:${port}/${work.file}`
      rows.push(...(await compare(work, installed, { url, output: join(folder, 'output'), rounds })))
    }
    return { rows, skipped }
  } finally {
    proxy.stop()
    await nginx.stop()
    await rm(folder, { recursive: true, force: true })
    await rm(join(root, CAPPED_NAME), { force: true })
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
      const { seconds, peakBytes } = await measure(run.contender, effort)
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
  { name, command, args, until }: Contender,
  { url, output }: Effort,
): Promise<{ seconds: number; peakBytes: number }> {
  await rm(output, { force: true })
  // Data that earlier runs left unwritten must not be counted in this one.
  await promisify(execFile)('sync')
  const started = performance.now()
  const child = spawn(command, args(url, output), { stdio: 'ignore', env: ENVIRONMENT })
  const ended = once(child, 'exit')
  let peakBytes = 0
  let isOver = false
  const watch = (async () => {
    while (!isOver) {
      peakBytes = Math.max(peakBytes, peakResident(child.pid))
      await sleep(20)
    }
  })()
  const [status] = await ended
  if (until === 'flushed') await promisify(execFile)('sync', [output])
  const seconds = (performance.now() - started) / 1000
  isOver = true
  await watch
  if (status !== 0) throw new Error(`${name} ended with status ${status}`)
  await assertComplete(output, url.endsWith(CAPPED_NAME) ? CAPPED_BYTES : LARGE_BYTES)
  return { seconds, peakBytes }
}

/** A downloader that leaves bytes out does not count. */
async function assertComplete(path: string, bytes: number): Promise<void> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size !== bytes) throw new Error(`${path} has ${size} of ${bytes} bytes`)
  } finally {
    await file.close()
  }
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
