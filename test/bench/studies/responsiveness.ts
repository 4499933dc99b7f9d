import { setTimeout as sleep } from 'node:timers/promises'
import { SMALL_BYTES, SMALL_NAME } from '../fixtures.ts'
import type { LoadGenerator } from '../load/load-generator.ts'
import { type Probed, probe } from '../load/probe.ts'
import type { LoadResult } from '../load/protocol.ts'
import { formatSeconds } from '../report/format.ts'
import { quantile } from '../report/statistics.ts'
import type { Table } from '../report/table.ts'
import { startNodeServer } from '../servers/server.ts'
import type { WaitingReport } from '../servers/slow-source.ts'

const WAITING = 64
const POLL_MS = 20
const MS_PER_SECOND = 1000

/** Latency of a hot file, and of the event loop, while many requests wait for a storage that hangs. */
export async function measureResponsiveness(
  root: string,
  generator: LoadGenerator,
  turnMs: number,
): Promise<Table> {
  const server = await startNodeServer('slow-source', [root])
  try {
    const { port } = server
    const load = {
      transport: 'http',
      port,
      path: `/hot/${SMALL_NAME}`,
      connections: 1,
      ranges: { kind: 'none' },
      headers: {},
      expected: { status: 200, length: SMALL_BYTES },
      durationMs: turnMs,
    } as const
    const run = async (): Promise<[LoadResult, WaitingReport]> => {
      await generator.connect(load)
      await report(port)
      return [await generator.go(), await report(port)]
    }
    await run()
    const alone = await run()
    const slow = Array.from({ length: WAITING }, () => probe({ port, path: '/slow', headers: {} }))
    while ((await report(port)).waiting < WAITING) await sleep(POLL_MS)
    const beside = await run()
    await probe({ port, path: '/release', headers: {} })
    checkReleased(await Promise.all(slow))
    return {
      title: `A hot 8 KiB file, alone and while ${WAITING} requests wait for a source that hangs`,
      columns: ['', 'latency p50', 'p99', 'event loop late p50', 'p99', 'most'],
      rows: [row('alone', ...alone), row(`${WAITING} waiting`, ...beside)],
      notes: [
        'One connection. The event loop is looked at every millisecond, which is then its least lateness.',
      ],
    }
  } finally {
    await server.stop()
  }
}

function row(name: string, { latenciesMs }: LoadResult, { delay }: WaitingReport): string[] {
  const figures = [
    quantile(latenciesMs, 0.5),
    quantile(latenciesMs, 0.99),
    delay.median,
    delay.p99,
    delay.most,
  ]
  return [name, ...figures.map((ms) => formatSeconds(ms / MS_PER_SECOND))]
}

async function report(port: number): Promise<WaitingReport> {
  const { content } = await probe({ port, path: '/waiting', headers: {} })
  return JSON.parse(content.toString()) as WaitingReport
}

/** Checks that these requests were answered only after the release. */
function checkReleased(answers: readonly Probed[]): void {
  if (answers.some(({ status }) => status !== 200)) throw new Error('A waiting request was not answered')
}
