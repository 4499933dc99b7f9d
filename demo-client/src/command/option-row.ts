// What the table of options says of each.

/** The headings in the help, in their order. */
export const GROUPS = ['Output', 'Several files', 'Transfer', 'Retries and timeouts', 'Display'] as const

/** One option. */
export interface OptionRow {
  readonly group: (typeof GROUPS)[number]
  /** One letter. */
  readonly short?: string
  /** What stands for its value in the help. Without it the option takes no value. */
  readonly value?: string
  /** May it be given more than once? */
  readonly isRepeatable?: true
  /** What a shell offers as its value. */
  readonly offers?: 'files' | 'directories' | readonly string[]
  /** The default as people write it. */
  readonly default?: string
  /** What it does, as a phrase. ASCII, so that every terminal can show it. */
  readonly text: string
}
