import processOnSpawn from 'process-on-spawn'
import { withoutLoader } from '../without-loader.ts'

const OPTIONS = 'NODE_OPTIONS'

type Env = Readonly<Record<string, string | undefined>>

/** A file that the runner is about to start. */
export interface Start {
  args?: readonly string[]
  /** Among others the environment of its process. */
  readonly options: object
}

/** Whether tap counts coverage in a process, for which it needs its loader. */
function countsCoverage({ _TAPJS_PROCESSINFO_COVERAGE_: counts }: Env): boolean {
  return counts === '1'
}

/**
 * Starts a test file without tap's loader, unless coverage is counted. The loader takes as much of the processor as tap
 * itself. All that is lost is the list of the files that a test imports, for `tap --changed`.
 */
export function startPlainly(file: Start): void {
  const { env = {} } = file.options as { env?: Env }
  if (file.args === undefined || countsCoverage(env)) return
  file.args = file.args.filter((argument) => withoutLoader(argument) !== '')
}

// tap adds the loader to the environment of a process whose arguments do not have it.
processOnSpawn.addListener((child) => {
  const { [OPTIONS]: options, ...env } = child.env
  if (options === undefined || countsCoverage(env)) return
  const others = withoutLoader(options)
  child.env = others === '' ? env : { ...env, [OPTIONS]: others }
})
