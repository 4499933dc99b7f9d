import { parseArgs } from 'node:util'

/** The options of one run of the benchmark. */
export interface BenchOptions {
  /** `quick`: a few short rounds for a rough result. `full`: results that are worth recording. */
  readonly depth: 'quick' | 'full'
  /** Names of the sections to run. Empty means all. */
  readonly only: readonly string[]
  /** Rounds of each section. Undefined means the default of the depth. */
  readonly rounds: number | undefined
  /** Where to write the tables as Markdown. */
  readonly markdown: string | undefined
  /** The file of figures in which the tables of this run replace those of the same titles. */
  readonly update: string | undefined
  /** The command of Bun. */
  readonly bun: string
}

/** A parsed command line. */
export type Command =
  | { readonly kind: 'run'; readonly options: BenchOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string }

const MAX_ROUNDS = 100

/**
 * Parses the command line.
 *
 * @param args without the program's name
 * @param names the sections that there are
 */
export function parseCommand(args: readonly string[], names: readonly string[]): Command {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true, default: [] },
        rounds: { type: 'string' },
        markdown: { type: 'string' },
        update: { type: 'string' },
        bun: { type: 'string', default: 'bun' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    const only = values.only.flatMap((list) => list.split(','))
    const unknown = only.find((name) => !names.includes(name))
    if (unknown !== undefined) return wrong(`There is no section '${unknown}'`)
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
    if (rounds !== undefined && !isRounds(rounds)) return wrong(`--rounds takes 1 to ${MAX_ROUNDS}`)
    const { markdown, update, bun } = values
    const depth = values.quick ? 'quick' : 'full'
    return { kind: 'run', options: { depth, only, rounds, markdown, update, bun } }
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error))
  }
}

function isRounds(rounds: number): boolean {
  return Number.isInteger(rounds) && rounds >= 1 && rounds <= MAX_ROUNDS
}

function wrong(message: string): Command {
  return { kind: 'wrong', message }
}

/** What `--help` prints. */
export function helpText(names: readonly string[]): string {
  return `Usage: npm run bench -- [options]

  --quick          few short rounds
  --only NAME      only this section; may be given again, or several separated by commas
  --rounds N       rounds of each section
  --markdown FILE  write the tables as Markdown, too (test/bench/FIGURES.md has those of the documents)
  --update FILE    replace the tables of this run in FILE, and keep its others
  --bun FILE       Bun, if it is not in PATH (npm install --prefix DIR bun puts it into DIR/node_modules/.bin)
  --help           this text

Sections: ${names.join(', ')}
`
}
