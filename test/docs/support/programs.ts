import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { environment } from '../../client/support/command.ts'
import { CLI } from '../../support/cli.ts'

const run = promisify(execFile)

// Debian installs servers in folders that are not in the PATH of ordinary users.
/** The environment in which installed programs are looked for. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`,
}

/**
 * The reason to skip a test that needs a program, or false. With `CI` in the environment nothing is skipped: `.ci/run`
 * has installed the programs.
 */
export async function missing(program: string, versionFlag: string): Promise<string | false> {
  if (process.env['CI'] !== undefined) return false
  try {
    await run(program, [versionFlag], { env: ENVIRONMENT })
    return false
  } catch {
    return `${program} is not installed`
  }
}

/** The output of a command line of a document, run by a shell. */
export async function runCommand(
  line: string,
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return await run('sh', ['-c', line], {
    cwd: options.cwd,
    env: options.env ?? ENVIRONMENT,
  })
}

/**
 * The output of a command line with `npx range-get`. It runs the built command; `test/packages/` runs an installed one.
 */
export async function runRangeGet(
  line: string,
  cwd: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const command = line.replaceAll('npx range-get', `"${process.execPath}" "${CLI}"`)
  return await runCommand(command, { cwd, env: environment() })
}
