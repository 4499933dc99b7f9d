// What a person reads of a failed assertion.
import { shortDiff } from './short-diff.ts'

/** A test point that failed, as TAP reports it. */
export interface Failure {
  readonly name: string
  readonly diag: unknown
}

type Diagnostics = Readonly<Record<string, unknown>>

/** These have lines of their own, or say only how the test was started. */
const NOT_LISTED: ReadonlySet<string> = new Set([
  'args',
  'at',
  'command',
  'compare',
  'cwd',
  'diff',
  'externalID',
  'jobId',
  'source',
  'stack',
  'stdio',
  'tapCaught',
  'test',
])
const MAX_STACK_LINES = 4
const MAX_VALUE_CHARACTERS = 200

/** The failure of a test in lines: where it is, its name, what was expected and what came. `path` ends before its name. */
export function describeFailure(path: readonly string[], { name, diag }: Failure): string {
  const said = isRecord(diag) ? diag : {}
  const [file = name, ...tests] = [...path, name]
  const title = [...tests.slice(0, -1), ...tests.slice(-1).flatMap((each) => each.split('\n'))]
  const lines = [
    title.join(' > '),
    ...(typeof said['diff'] === 'string' ? shortDiff(said['diff']) : sourceOf(said)),
    ...valuesOf(said),
    ...(said['tapCaught'] === undefined ? [] : stackOf(said)),
  ]
  const shown = lines.filter((line) => line !== '').map((line) => `  ${line}\n`)
  return `not ok: ${placeOf(said) ?? sourceName(file)}\n${shown.join('')}`
}

/** The source of a test, by the path of what was built of it. */
export function sourceName(path: string): string {
  return path.replace(/^\.build\//, '').replace(/\.js$/, '.ts')
}

/** `file:line:column`. */
function placeOf({ at }: Diagnostics): string | null {
  if (!isRecord(at) || typeof at['fileName'] !== 'string') return null
  return [at['fileName'], at['lineNumber'], at['columnNumber']].filter((part) => part !== undefined).join(':')
}

/** The line of the assertion: the one before the arrow. */
function sourceOf({ source }: Diagnostics): string[] {
  if (typeof source !== 'string') return []
  const lines = source.split('\n')
  const arrow = lines.findIndex((line) => /^-+\^$/.test(line))
  return arrow > 0 ? [shortened(lines[arrow - 1]?.trim() ?? '')] : []
}

function stackOf({ stack }: Diagnostics): string[] {
  if (typeof stack !== 'string') return []
  const lines = stack.split('\n').filter((line) => line !== '' && !line.includes('node_modules'))
  return lines.slice(0, MAX_STACK_LINES).map((line) => `at ${line}`)
}

/** Everything else that is said, such as the exit status of a file. */
function valuesOf(said: Diagnostics): string[] {
  const listed = Object.entries(said).filter(([name, value]) => !NOT_LISTED.has(name) && value !== null)
  return listed.map(([name, value]) => shortened(`${name}: ${JSON.stringify(value)}`))
}

function shortened(text: string): string {
  return text.length <= MAX_VALUE_CHARACTERS ? text : `${text.slice(0, MAX_VALUE_CHARACTERS)}…`
}

function isRecord(value: unknown): value is Diagnostics {
  return typeof value === 'object' && value !== null
}
