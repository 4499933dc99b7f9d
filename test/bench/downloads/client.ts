import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Spread, spreadOf } from '../report/statistics.ts'
import { type Certificate, certificate } from '../servers/certificate.ts'
import { nginxVersion, startNginx } from '../servers/nginx.ts'
import { firstLineOf } from '../servers/program.ts'
import type { Server } from '../servers/server.ts'
import { rotated } from '../studies/comparison.ts'
import { startCappedProxy } from './capped-proxy.ts'
import { makeFiles } from './files.ts'
import { measuredRun } from './measured-run.ts'
import { LIST_NAME } from './names.ts'
import type { Contender, Source } from './programs.ts'
import { WORKS, type Work } from './works.ts'

/** The result of one downloader at one kind of work. */
export interface ClientRow {
  readonly work: string
  readonly contender: string
  readonly seconds: Spread
  /** CPU time of the program, in seconds. */
  readonly cpu: Spread
  /** Its peak resident memory. */
  readonly peakBytes: number
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
  /** The works of this section. */
  readonly section: string
  /** The folder that nginx serves. It contains the large test file. */
  readonly root: string
  /** Runs of each downloader; the median counts. */
  readonly rounds: number
}

const CAP = { bytesPerSecond: 4_000_000, delay: 50 }

/** Compares range-get with the downloaders that are installed, each to a fresh file, from nginx on loopback. */
export async function runClientBench({ section, root, rounds }: ClientBenchOptions): Promise<ClientBench> {
  if ((await nginxVersion()) === undefined)
    return { rows: [], skipped: ['all downloads: nginx is not installed'] }
  const folder = await mkdtemp(join(tmpdir(), 'range-get-bench-'))
  const nginx = await startNginx(root, 'off')
  const proxy = await startCappedProxy(nginx.port, CAP)
  const rows: ClientRow[] = []
  const skipped: string[] = []
  const removeFiles = await makeFiles(root, `http://127.0.0.1:${nginx.port}`)
  try {
    for (const work of WORKS.filter((candidate) => candidate.section === section)) {
      const secured = work.line === 'tls' ? await startSecured(root) : undefined
      if (work.line === 'tls' && secured === undefined) {
        skipped.push(`${work.name}: openssl, which makes the certificate, is not installed`)
        continue
      }
      const port = work.line === 'capped' ? proxy.port : nginx.port
      const source = secured?.sourceOf(work) ?? plainSource(work, root, port)
      const installed: Contender[] = []
      for (const contender of work.contenders) {
        if ((await firstLineOf(contender.command, ['--version'])) !== undefined) installed.push(contender)
        else skipped.push(`${contender.name}: not installed`)
      }
      rows.push(...(await compare(work, installed, { source, output: join(folder, 'output'), rounds })))
      await secured?.server.stop()
    }
    return { rows, skipped }
  } finally {
    proxy.stop()
    await nginx.stop()
    await rm(folder, { recursive: true, force: true })
    await removeFiles()
  }
}

function plainSource({ file }: Work, root: string, port: number): Source {
  return { url: file === LIST_NAME ? join(root, LIST_NAME) : `http://127.0.0.1:${port}/${file}`, cert: '' }
}

interface Secured {
  readonly server: Server
  sourceOf(work: Work): Source
}

/** nginx with TLS, or undefined without openssl. */
async function startSecured(root: string): Promise<Secured | undefined> {
  if ((await firstLineOf('openssl', ['version'])) === undefined) return undefined
  const secure: Certificate = await certificate()
  const server = await startNginx(root, 'off', secure)
  const sourceOf = ({ file }: Work): Source => ({
    url: `https://127.0.0.1:${server.port}/${file}`,
    cert: secure.cert,
  })
  return { server, sourceOf }
}

interface Effort {
  readonly source: Source
  readonly output: string
  readonly rounds: number
}

/**
 * Runs the contenders in turn, round after round, so that a disturbance affects all of them equally. Each round begins
 * with a different one, because each leaves something different in memory and on the disk for the next.
 */
async function compare(
  { name: work, bytes }: Work,
  contenders: readonly Contender[],
  { source, output, rounds }: Effort,
): Promise<ClientRow[]> {
  const entries = contenders.map((contender) => ({
    contender,
    seconds: [] as number[],
    cpu: [] as number[],
    peakBytes: 0,
  }))
  for (let round = 0; round < rounds; round++) {
    for (const entry of rotated(entries, round)) {
      const { seconds, cpu, peakBytes } = await measuredRun(entry.contender, source, { output, bytes })
      entry.seconds.push(seconds)
      entry.cpu.push(cpu)
      entry.peakBytes = Math.max(entry.peakBytes, peakBytes)
    }
  }
  const ours = spreadOf(entries[0]?.seconds ?? []).median
  return entries.map(({ contender, seconds, cpu, peakBytes }) => {
    const time = spreadOf(seconds)
    const ratio = ours / time.median
    return { work, contender: contender.name, seconds: time, cpu: spreadOf(cpu), peakBytes, ratio }
  })
}
