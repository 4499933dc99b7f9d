import { type ContenderName, LABELS } from '../servers/contender.ts'
import type { Result } from '../studies/comparison.ts'
import type { Work } from '../workloads.ts'
import { formatRatio, formatSpread } from './format.ts'
import type { Table } from './table.ts'

/** The results of one kind of work. */
export function resultTable(work: Work, results: readonly Result[]): Table {
  const ours = find(results, 'ours')
  const rows = results.map((result) => [
    LABELS[result.contender],
    formatSpread(result.cpu),
    formatSpread(result.wall),
    ours === undefined ? '' : formatRatio(ours.cpu.median / result.cpu.median),
    ours === undefined ? '' : formatRatio(ours.wall.median / result.wall.median),
  ])
  const missing = work.contenders.filter((name) => find(results, name) === undefined)
  const skipped = missing.map((name) => `Skipped: ${LABELS[name]} (not installed).`)
  return {
    title: `${work.title} (${work.connections} connections)`,
    columns: [
      '',
      `server CPU per ${work.unit}`,
      `time per ${work.unit}`,
      'ours / this, CPU',
      'ours / this, time',
    ],
    rows,
    notes: work.note === undefined ? skipped : [...skipped, work.note],
  }
}

/** One line for each goal. */
export function goalRows(work: Work, results: readonly Result[]): string[][] {
  const ours = find(results, 'ours')
  return work.goals.flatMap(({ against, atMost }) => {
    const other = find(results, against)
    if (ours === undefined) return []
    if (other === undefined) return [[work.title, LABELS[against], `≤ ${atMost}×`, '', 'not measured', '']]
    const ratio = ours.cpu.median / other.cpu.median
    return [
      [
        work.title,
        LABELS[against],
        `≤ ${atMost}×`,
        formatRatio(ratio),
        ratio <= atMost ? 'reached' : 'missed',
        formatRatio(ours.wall.median / other.wall.median),
      ],
    ]
  })
}

function find(results: readonly Result[], name: ContenderName): Result | undefined {
  return results.find(({ contender }) => contender === name)
}
