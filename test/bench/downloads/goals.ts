import { formatBytes, formatSeconds } from '../report/format.ts'
import { type GoalResult, goalRow } from '../report/goals.ts'
import type { ClientRow } from './client.ts'
import { SMALL_FILES } from './names.ts'

interface TimeGoal {
  readonly work: string
  readonly ours: string
  readonly against: string
  readonly bound: number
}

const LIST_WORK = `${SMALL_FILES} files of 64 KiB`
const START_WORK = '4 bytes'
const NODE = 'node itself'
const MAX_START_SECONDS = 0.035
const MAX_MEMORY_BYTES = 100 * 1024 ** 2

const TIME_GOALS: readonly TimeGoal[] = [
  { work: '1 GiB, one connection', ours: 'range-get -n 1', against: 'curl', bound: 0.75 },
  { work: '1 GiB, four connections', ours: 'range-get -n 4', against: 'aria2c -x4 -s4', bound: 0.5 },
  { work: 'TLS, 1 GiB, one connection', ours: 'range-get -n 1', against: 'curl', bound: 1 },
  { work: LIST_WORK, ours: 'range-get -i', against: 'aria2c -i', bound: 1.2 },
]

/** The goals of the works that were measured. */
export function downloadGoals(rows: readonly ClientRow[]): readonly (readonly string[])[] {
  const find = (work: string, contender: string): ClientRow | undefined =>
    rows.find((row) => row.work === work && row.contender === contender)
  const goals: GoalResult[] = []
  for (const { work, ours, against, bound } of TIME_GOALS) {
    if (find(work, ours) === undefined) continue
    const measured = find(work, against)?.ratio
    goals.push({ what: work, measure: 'time', against, limit: 'at most', bound, measured })
  }
  const start = find(START_WORK, 'range-get -n 1')
  const node = find(START_WORK, NODE)
  if (start !== undefined && node !== undefined) {
    const measured = start.seconds.median - node.seconds.median
    const goal = { what: START_WORK, measure: 'time beyond', against: NODE, limit: 'at most' } as const
    goals.push({ ...goal, bound: MAX_START_SECONDS, measured, format: formatSeconds })
  }
  for (const work of new Set(rows.map((row) => row.work))) {
    const peaks = rows.filter((row) => row.work === work && row.contender.startsWith('range-get'))
    const measured = Math.max(...peaks.map(({ peakBytes }) => peakBytes))
    const goal = { what: work, measure: 'most memory', limit: 'at most' } as const
    goals.push({ ...goal, bound: MAX_MEMORY_BYTES, measured, format: formatBytes })
  }
  return goals.map(goalRow)
}
