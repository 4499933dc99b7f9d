import { once } from 'node:events'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { probe } from '../load/probe.ts'
import { formatSeconds } from '../report/format.ts'
import type { Table } from '../report/table.ts'
import { type Server, startNodeServer } from '../servers/server.ts'
import type { WaitingReport } from '../servers/slow-source.ts'

const HUGE_NAME = 'huge.bin'
const HUGE_BYTES = 5 * 1024 ** 3
const TOGETHER = 100
const POLL_MS = 100
const MS_PER_SECOND = 1000

/** How late the event loop of a server is while it hashes a file of 5 GiB, and how often it reads the file for that. */
export async function measureHashing(root: string, turnMs: number): Promise<Table> {
  const path = join(root, HUGE_NAME)
  writeFileSync(path, '')
  truncateSync(path, HUGE_BYTES)
  const server = await startNodeServer('slow-source', [root])
  try {
    await head(server.port, '/hot/missing.bin')
    await report(server)
    await sleep(turnMs)
    const alone = await report(server)
    const readBefore = bytesRead(server)
    const began = performance.now()
    await head(server.port, `/hot/${HUGE_NAME}`)
    const firstMs = performance.now() - began
    const together = Array.from({ length: TOGETHER }, () => head(server.port, `/hot/${HUGE_NAME}`))
    await Promise.all(together)
    while ((await head(server.port, `/hot/${HUGE_NAME}`)) === undefined) await sleep(POLL_MS)
    const hashedMs = performance.now() - began
    const beside = await report(server)
    const times = ((bytesRead(server) - readBefore) / HUGE_BYTES).toFixed(2)
    return {
      title: `HEAD of a sparse file of 5 GiB, and ${TOGETHER} more at once, with Want-Repr-Digest`,
      columns: ['', 'first HEAD', 'digest after', 'file read', 'event loop late p50', 'p99', 'most'],
      rows: [
        row('idle', ['', '', ''], alone),
        row('hashed', [seconds(firstMs), seconds(hashedMs), `${times} times`], beside),
      ],
      notes: ['The event loop is looked at every millisecond, which is then its least lateness.'],
    }
  } finally {
    await server.stop()
    await rm(path)
  }
}

function seconds(ms: number): string {
  return formatSeconds(ms / MS_PER_SECOND)
}

function row(name: string, figures: readonly string[], { delay }: WaitingReport): string[] {
  return [name, ...figures, ...[delay.median, delay.p99, delay.most].map(seconds)]
}

async function report({ port }: Server): Promise<WaitingReport> {
  const { content } = await probe({ port, path: '/waiting', headers: {} })
  return JSON.parse(content.toString()) as WaitingReport
}

/** The Repr-Digest that a HEAD gets. */
async function head(port: number, path: string): Promise<unknown> {
  const headers = { 'want-repr-digest': 'sha-256=1' }
  const sent = request({ port, host: '127.0.0.1', path, method: 'HEAD', headers, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  return response.headers['repr-digest']
}

/** What a process has read until now, in bytes, as Linux counts it. */
function bytesRead({ pid }: Server): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1])
}
