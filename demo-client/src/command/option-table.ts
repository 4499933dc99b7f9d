// The options of range-get. What the command accepts, its help, the completion of shells, the manual page and the table in
// the README follow from this table.
import type { OptionRow } from './option-row.ts'
import { OUTPUT_OPTIONS } from './output-options.ts'
import { TRANSFER_OPTIONS } from './transfer-options.ts'

/** By the long names of the options, without hyphens in front. */
export const OPTIONS: typeof OUTPUT_OPTIONS & typeof TRANSFER_OPTIONS = {
  ...OUTPUT_OPTIONS,
  ...TRANSFER_OPTIONS,
}

/** A shell that a completion can be printed for. */
export type Shell = (typeof OPTIONS)['completion']['offers'][number]

/** The long name of an option. */
export type OptionName = keyof typeof OPTIONS

/** An option with its name. */
export interface NamedOption extends OptionRow {
  readonly name: OptionName
}

/** All options, in the order of the help. */
export const OPTION_LIST: readonly NamedOption[] = Object.entries<OptionRow>(OPTIONS).map(([name, row]) => ({
  ...row,
  name: name as OptionName,
}))
