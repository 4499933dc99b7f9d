import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { environment } from '../../client/support/command.ts'
import { CLI } from '../../support/cli.ts'

const run = promisify(execFile)

// Debian installs servers where the PATH of ordinary users does not lead.
/** The environment in which installed programs are looked for. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`,
}

/**
 * Why a test that needs a program has to be skipped, or false. Where the environment says `CI` nothing is skipped:
 * there the programs belong to what is installed.
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

/** What a command line of a document prints. It is run by a shell, as a reader would. */
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
 * What a command line with `npx range-get` prints. That from an installed package is for the test of the packages; here
 * the built command stands for it.
 */
export async function runRangeGet(
  line: string,
  cwd: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const command = line.replace('npx range-get', `"${process.execPath}" "${CLI}"`)
  return await runCommand(command, { cwd, env: environment() })
}
