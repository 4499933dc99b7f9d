import type { OptionCheck } from './option-checks.ts'

/** One option: its value where it is not given, and what a given value must be. */
export interface OptionRow<Value> extends OptionCheck {
  readonly defaultValue: Value
}

/** A row for each of the options, by their names. */
export type OptionRows<Options> = { readonly [Name in keyof Options]: OptionRow<Options[Name]> }

/** Options that were given. One that is undefined counts as not given, and is left out. */
export type Given<Options> = { readonly [Name in keyof Options]?: Exclude<Options[Name], undefined> }

/** The values of options that are not given. */
export function defaultsOf<Options>(rows: OptionRows<Options>): Options {
  const entries = Object.entries<OptionRow<unknown>>(rows as OptionRows<Record<string, unknown>>)
  return Object.fromEntries(entries.map(([name, { defaultValue }]) => [name, defaultValue])) as Options
}

/** An option that is one of a few values. The first is the default. */
export function oneOf<Value extends string | false>(
  defaultValue: Value,
  ...others: readonly Value[]
): OptionRow<Value> {
  const allowed: readonly unknown[] = [defaultValue, ...others]
  const words = allowed.map((value) => (value === false ? 'false' : `'${value}'`))
  return {
    defaultValue,
    isValid: (value) => allowed.includes(value),
    kind: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
  }
}

/** What an option is that is a number. */
export interface WholeNumber {
  readonly defaultValue: number
  /** What it counts. */
  readonly of: string
  readonly min: number
  /** `Number.MAX_SAFE_INTEGER`: any. */
  readonly max: number
}

/** An option that is a number. Both bounds are inclusive. */
export function wholeNumber({ defaultValue, of, min, max }: WholeNumber): OptionRow<number> {
  const bounds = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `from ${min} to ${max}`
  return {
    defaultValue,
    isValid: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
    kind: `a whole number of ${of}, ${bounds}`,
  }
}
