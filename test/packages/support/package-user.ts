import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { REPOSITORY } from '../../support/repository.ts'

const exec = promisify(execFile)

/** The packages that are published, by folder. */
export const PACKAGES: readonly string[] = ['plugin', 'demo-client']

/** The fields of a package.json that tests read. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(REPOSITORY, folder, 'package.json'), 'utf8'))
}

/** The environment of a user: without the variables of the npm that runs these tests, with this Node first. */
export function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_|^INIT_CWD$/i.test(name))
  return {
    ...Object.fromEntries(kept),
    PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    NO_COLOR: '1',
  }
}

/** Runs a program in a folder. Rejects, with its output, unless it ends with status 0. */
export async function run(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  try {
    // tap adds its loaders to the environment of every child process. `env` removes them.
    return (
      await exec('env', ['-u', 'NODE_OPTIONS', command, ...args], {
        cwd,
        env: environment(),
        maxBuffer: 2 ** 26,
      })
    ).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error })
  }
}

/** A new folder outside the repository, so that no file of it is found by accident. The caller removes it. */
export async function emptyFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'stranger-'))
}

/**
 * Packs a package, as it is built now, into a folder, and returns the path of the tarball. The `prepack` script would
 * build again, under the other tests.
 */
export async function pack(folder: string, into: string): Promise<string> {
  const args = ['--silent', '--ignore-scripts', '--pack-destination', into, '-w', folder]
  return join(into, (await run(REPOSITORY, 'npm', 'pack', ...args)).trim())
}

/** Where a dependency of a package is installed here. */
export function installed(folder: string, name: string): string {
  const own = join(REPOSITORY, folder, 'node_modules', name)
  return existsSync(own) ? own : join(REPOSITORY, 'node_modules', name)
}

/**
 * The project of a new user: both packages installed from their tarballs, without a network. Remove it with `remove()`.
 */
export async function strangersProject(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await emptyFolder()
  const dependencies: Record<string, string> = {
    '@types/node': `file:${installed('.', '@types/node')}`,
  }
  for (const packed of PACKAGES) {
    const { name, dependencies: own = {}, peerDependencies: peers = {} } = manifestOf(packed)
    for (const dependency of Object.keys({ ...own, ...peers }))
      dependencies[dependency] = `file:${installed(packed, dependency)}`
    dependencies[name] = `file:${await pack(packed, folder)}`
  }
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  )
  // Packages that are linked from here would run their own scripts. The two packages have no install scripts.
  const offline = ['--offline', '--cache', join(folder, 'cache'), '--ignore-scripts']
  await run(folder, 'npm', 'install', ...offline, '--no-audit', '--no-fund')
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
