import { runClientBench } from './client.ts'
import { formatRatio, formatSeconds } from './format.ts'
import type { Table } from './table.ts'

/** Every run writes a gigabyte: a few tell enough. */
const MAX_ROUNDS = 3

/** The other side of the line: range-get beside other downloaders. */
export async function measureDownloads(root: string, rounds: number): Promise<Table> {
  const { rows, skipped } = await runClientBench({ root, rounds: Math.min(rounds, MAX_ROUNDS) })
  return {
    title: 'Downloads to a file, served by nginx on loopback',
    columns: ['', 'time', 'most memory', 'range-get / this, time'],
    rows: rows.map(({ work, contender, medianSeconds, peakRssMiB, ratio }) => [
      `${work}: ${contender}`,
      formatSeconds(medianSeconds),
      `${peakRssMiB.toFixed(1)} MiB`,
      formatRatio(ratio),
    ]),
    notes: skipped.map((what) => `Skipped: ${what}.`),
  }
}
