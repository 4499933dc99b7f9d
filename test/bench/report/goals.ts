import { formatRatio } from './format.ts'

/** The columns of the table of goals. */
export const GOAL_COLUMNS: readonly string[] = ['', 'measure', 'against', 'goal', 'measured', '']

/** A goal, and what was measured. */
export interface GoalResult {
  readonly what: string
  /** What is compared, such as CPU or time. */
  readonly measure: string
  /** Whom it is compared with. Undefined: a bound that stands by itself. */
  readonly against?: string
  readonly limit: 'at most' | 'at least'
  readonly bound: number
  /** Undefined if it could not be measured. */
  readonly measured: number | undefined
  /** Default: as a ratio. */
  readonly format?: (figure: number) => string
}

/** Its row: reached, missed, or not measured. */
export function goalRow(goal: GoalResult): readonly string[] {
  const { what, measure, against = '–', limit, bound, measured, format } = goal
  const sign = limit === 'at most' ? '≤' : '≥'
  const limitText = `${sign} ${format === undefined ? `${bound}×` : format(bound)}`
  if (measured === undefined) return [what, measure, against, limitText, '', 'not measured']
  const isReached = limit === 'at most' ? measured <= bound : measured >= bound
  const figure = (format ?? formatRatio)(measured)
  return [what, measure, against, limitText, figure, isReached ? 'reached' : 'missed']
}
