import { LoadGenerator } from '../load/load-generator.ts'
import { loadOf } from '../load/loads.ts'
import type { LoadResult } from '../load/protocol.ts'
import { formatSeconds } from '../report/format.ts'
import { quantile } from '../report/statistics.ts'
import type { Table } from '../report/table.ts'
import { type Contender, type ContenderName, LABELS } from '../servers/contender.ts'
import { workNamed } from '../workloads.ts'

const COMPARED: readonly ContenderName[] = ['ours', 'static', 'nginx']
const SMALL_CONNECTIONS = 4
const DOWNLOADS = 4
const MS_PER_SECOND = 1000

/** How long small ranges take while other clients download whole files as fast as possible. */
export async function measureFairness(
  contenders: readonly Contender[],
  generator: LoadGenerator,
  turnMs: number,
): Promise<Table> {
  const downloader = new LoadGenerator()
  try {
    const rows: string[][] = []
    for (const { name, server } of contenders.filter((contender) => COMPARED.includes(contender.name))) {
      const small = await loadOf({ ...workNamed('range-64k'), connections: SMALL_CONNECTIONS }, server.port)
      const large = await loadOf({ ...workNamed('file-1g'), connections: DOWNLOADS }, server.port)
      const run = async (): Promise<LoadResult> => {
        await generator.connect({ ...small, durationMs: turnMs })
        return generator.go()
      }
      await run()
      rows.push(row(`${LABELS[name]}, alone`, await run()))
      await downloader.connect({ ...large, durationMs: turnMs })
      const downloads = downloader.go()
      rows.push(row(`${LABELS[name]}, ${DOWNLOADS} downloads beside`, await run()))
      await downloads
    }
    return {
      title: `Random 64 KiB ranges (${SMALL_CONNECTIONS} connections) beside downloads of 1 GiB`,
      columns: ['', 'p50', 'p99', 'most'],
      rows,
      notes: ['Both loads and the server share the cores, and this alone makes everything slower.'],
    }
  } finally {
    await downloader.stop()
  }
}

function row(name: string, { latenciesMs }: LoadResult): string[] {
  const figures = [0.5, 0.99, 1].map((share) => quantile(latenciesMs, share) / MS_PER_SECOND)
  return [name, ...figures.map(formatSeconds)]
}
