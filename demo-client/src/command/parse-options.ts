// Splits a command line into options and URLs. Its errors name the option as it was typed, and what it should be.
import { parseArgs } from 'node:util'
import { usage } from '../text/argument-values.ts'
import { nearestName } from '../text/nearest-name.ts'
import { type NamedOption, OPTION_LIST, type OPTIONS, type OptionName, spellingOf } from './option-table.ts'

type Rows = typeof OPTIONS

/** What was given for each option. */
export type OptionValues = {
  readonly [Name in OptionName]?: Rows[Name] extends { readonly isRepeatable: true }
    ? readonly string[]
    : Rows[Name] extends { readonly value: string }
      ? string
      : true
}

/** Options and URLs. */
export interface Parsed {
  readonly values: OptionValues
  readonly positionals: readonly string[]
}

const CONFIG = Object.fromEntries(
  OPTION_LIST.map(({ name, short, value }) => [
    name,
    { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) } as const,
  ]),
)

/** Options whose second value would silently take the place of the first. */
const ONCE: ReadonlySet<OptionName> = new Set(['output', 'dir'])

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` */
export function parseOptions(args: readonly string[]): Parsed {
  // Not strict, because the messages of node:util help less than those below.
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: CONFIG,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const values: Record<string, string | string[] | true> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option = checkedOption(token)
    const earlier = values[option.name]
    if (earlier !== undefined && ONCE.has(option.name)) throw usage(`${token.rawName} was given twice`)
    const value = token.value ?? true
    values[option.name] =
      option.isRepeatable && token.value !== undefined
        ? [...(Array.isArray(earlier) ? earlier : []), token.value]
        : value
  }
  return { values: values as OptionValues, positionals }
}

function checkedOption({ name, rawName, value, inlineValue }: OptionToken): NamedOption {
  const option = OPTION_LIST.find((each) => each.name === name)
  if (option === undefined) throw usage(`there is no option ${rawName}${suggestion(name)}`)
  if (option.value === undefined) {
    if (value === undefined) return option
    throw usage(`${rawName} takes no value`)
  }
  if (value === undefined) throw usage(`${rawName} takes a value: ${spellingOf(option)}`)
  // It was probably forgotten, and the next option is in its place.
  if (inlineValue !== true && /^-./.test(value))
    throw usage(`${rawName} takes a value; one that begins with a hyphen is written --${name}=-...`)
  return option
}

function suggestion(name: string): string {
  const names = OPTION_LIST.map((each) => each.name)
  const nearest = name.length === 1 ? null : nearestName(name, names)
  return nearest === null ? '' : `; did you mean --${nearest}?`
}
