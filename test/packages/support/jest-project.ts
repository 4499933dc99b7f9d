import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { REPOSITORY } from '../../support/repository.ts'
import { emptyFolder, manifestOf, pack, run } from './package-user.ts'

const JEST = '30.5.2'
const BABEL_TO_COMMONJS = '7.29.14'
/** What these packages depend on is fetched as it was on this day. A newer version of them needs a later one. */
const DAY = '2026-11-29'

/**
 * Installs the packed plugin, Fastify and Jest in a new project, with what the recipe adds to its package.json.
 * The project is removed with the test.
 *
 * Jest is not a dependency of the repository: each `npm ci` would unpack 50 MB more.
 */
export async function jestProject(t: Test, recipe: object): Promise<string> {
  const folder = await emptyFolder()
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const { version: fastify } = manifestOf('node_modules/fastify')
  const manifest = {
    private: true,
    dependencies: { fastify, 'fastify-send-range': `file:${await pack('plugin', folder)}` },
    devDependencies: { jest: JEST, '@babel/plugin-transform-modules-commonjs': BABEL_TO_COMMONJS },
    ...recipe,
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  await mkdir(join(folder, 'files'))
  await writeFile(join(folder, 'files/hello.txt'), 'hello, ranges')
  const quick = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
  await run(folder, 'npm', 'install', '--before', DAY, ...quick)
  return folder
}

/** Puts the `cookie` in place that Fastify has without the recipe. */
export async function withoutOverrides(folder: string): Promise<void> {
  const place = join(folder, 'node_modules/cookie')
  await rm(place, { recursive: true })
  await cp(join(REPOSITORY, 'node_modules/cookie'), place, { recursive: true })
}

/** The reason to skip a test that fetches Jest, or false. With `CI` in the environment nothing is skipped. */
export async function withoutRegistry(): Promise<string | false> {
  if (process.env['CI'] !== undefined) return false
  // By default, npm waits for minutes before it says that there is no network.
  const found = run(REPOSITORY, 'npm', 'view', `jest@${JEST}`, 'name', '--fetch-retries', '0')
  return await found.then(
    () => false,
    () => 'Jest cannot be fetched',
  )
}
