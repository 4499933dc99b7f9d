import { formatBytes, formatRatio, formatSpread } from '../report/format.ts'
import type { Findings } from '../report/table.ts'
import { runClientBench } from './client.ts'
import { downloadGoals } from './goals.ts'
import { TITLES } from './works.ts'

/** The system counts CPU time in steps of this many seconds. */
const CLOCK_TICK = 0.01

/** The client side: range-get compared with other downloaders, at the works of one section. */
export async function measureDownloads(section: string, root: string, rounds: number): Promise<Findings> {
  const { rows, skipped } = await runClientBench({ section, root, rounds })
  const table = {
    title: TITLES[section] ?? section,
    columns: ['', 'time', 'CPU', 'most memory', 'range-get / this, time'],
    rows: rows.map(({ work, contender, seconds, cpu, peakBytes, ratio }) => [
      `${work}: ${contender}`,
      formatSpread(seconds),
      cpu.median < CLOCK_TICK ? '< 10 ms' : formatSpread(cpu),
      peakBytes === 0 ? '–' : formatBytes(peakBytes),
      formatRatio(ratio),
    ]),
    notes: [
      'Served by nginx on loopback. The environment of each program had only PATH and HOME.',
      ...skipped.map((what) => `Skipped: ${what}.`),
    ],
  }
  return { tables: [table], goals: downloadGoals(rows) }
}
