import { formatRatio, formatSpread } from '../report/format.ts'
import type { Table } from '../report/table.ts'
import { runClientBench } from './client.ts'

/** The client side: range-get compared with other downloaders. */
export async function measureDownloads(root: string, rounds: number): Promise<Table> {
  const { rows, skipped } = await runClientBench({ root, rounds })
  return {
    title: 'Downloads to a file, served by nginx on loopback',
    columns: ['', 'time', 'most memory', 'range-get / this, time'],
    rows: rows.map(({ work, contender, seconds, peakRssMiB, ratio }) => [
      `${work}: ${contender}`,
      formatSpread(seconds),
      `${peakRssMiB.toFixed(1)} MiB`,
      formatRatio(ratio),
    ]),
    notes: [
      'The environment of each program had only PATH and HOME.',
      ...skipped.map((what) => `Skipped: ${what}.`),
    ],
  }
}
