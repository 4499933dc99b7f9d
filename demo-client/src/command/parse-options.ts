// Splits a command line into options and other words. Its errors name the option as it was typed, and what it should be.
import { parseArgs } from 'node:util'
import { usage } from '../text/argument-values.ts'
import { nearestName } from '../text/nearest-name.ts'
import { OPTION_LIST, type OPTIONS, type OptionName } from './option-table.ts'

/** How an option is written. */
export interface OptionForm {
  readonly name: string
  /** One letter. */
  readonly short?: string
  /** What stands for its value in the help. Without it the option takes no value. */
  readonly value?: string
  readonly isRepeatable?: true
}

/** What was given: for each option its value, or all of its values, or true. */
export interface CommandLine {
  readonly values: Readonly<Record<string, string | readonly string[] | true>>
  readonly positionals: readonly string[]
}

type Rows = typeof OPTIONS

/** What was given for each option of range-get. */
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

/** Options whose second value would silently take the place of the first. */
const ONCE: readonly OptionName[] = ['output', 'dir']

/** Reads the options of range-get. @throws DownloadError `ERR_DOWNLOAD_USAGE` */
export function parseOptions(args: readonly string[]): Parsed {
  const { values, positionals } = readCommandLine(args, OPTION_LIST, ONCE)
  return { values: values as OptionValues, positionals }
}

/**
 * Reads a command line with these options. Of those in `once` a second value is an error, of others the last one counts.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function readCommandLine(
  args: readonly string[],
  options: readonly OptionForm[],
  once: readonly string[],
): CommandLine {
  // Not strict, because the messages of node:util help less than those below.
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(options.map((option) => [option.name, configOf(option)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const values: Record<string, string | string[] | true> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const option = checkedOption(token, options)
    const earlier = values[option.name]
    if (earlier !== undefined && once.includes(option.name)) throw usage(`${token.rawName} was given twice`)
    const value = token.value ?? true
    values[option.name] =
      option.isRepeatable && token.value !== undefined
        ? [...(Array.isArray(earlier) ? earlier : []), token.value]
        : value
  }
  return { values, positionals }
}

function configOf({ short, value }: OptionForm): { type: 'boolean' | 'string'; short?: string } {
  return { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) }
}

/** How other programs are asked not to check certificates. */
const UNCHECKED: ReadonlySet<string> = new Set([
  '--insecure',
  '-k',
  '--no-check-certificate',
  '--allow-insecure',
])

const CHECKED_ADVICE =
  'without a check of the certificate, anyone on the way could send another file. Ask the operator of the server for the ' +
  'certificate of its CA, and give it with --cacert FILE'

/** What Node.js puts in the place of bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD'

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

function checkedOption(
  { name, rawName, value, inlineValue }: OptionToken,
  options: readonly OptionForm[],
): OptionForm {
  const option = options.find((each) => each.name === name)
  if (option === undefined) {
    if (UNCHECKED.has(rawName)) throw usage(`${rawName} does not exist here: ${CHECKED_ADVICE}`)
    throw usage(`there is no option ${rawName}${suggestion(name, options)}`)
  }
  if (option.value === undefined) {
    if (value === undefined) return option
    throw usage(`${rawName} takes no value`)
  }
  if (value === undefined) throw usage(`${rawName} takes a value: ${spellingOf(option)}`)
  // Otherwise a file would get another name than the one that was given.
  if (value.includes(REPLACEMENT)) throw usage(`${rawName} takes text in UTF-8`)
  // It was probably forgotten, and the next option is in its place. No option begins with a digit.
  if (inlineValue !== true && /^-\D/.test(value))
    throw usage(`${rawName} takes a value; one that begins with a hyphen is written --${name}=-...`)
  return option
}

/** How an option is written: `-o, --output FILE`. */
export function spellingOf({ name, short, value }: OptionForm): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

function suggestion(name: string, options: readonly OptionForm[]): string {
  const names = options.map((each) => each.name)
  const nearest = name.length === 1 ? null : nearestName(name, names)
  return nearest === null ? '' : `; did you mean --${nearest}?`
}
