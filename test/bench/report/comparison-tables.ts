import { type ContenderName, LABELS } from '../servers/contender.ts'
import type { Result } from '../studies/comparison.ts'
import type { Work } from '../workloads.ts'
import { formatRatio, formatSpread } from './format.ts'
import { goalRow } from './goals.ts'
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

/** The rows of its goals. */
export function goalRows(work: Work, results: readonly Result[]): readonly (readonly string[])[] {
  const ours = find(results, 'ours')
  return work.goals.map(({ against, atMost }) => {
    const other = find(results, against)
    return goalRow({
      what: work.title,
      measure: 'CPU',
      against: LABELS[against],
      limit: 'at most',
      bound: atMost,
      measured: ours && other && ours.cpu.median / other.cpu.median,
    })
  })
}

function find(results: readonly Result[], name: ContenderName): Result | undefined {
  return results.find(({ contender }) => contender === name)
}
