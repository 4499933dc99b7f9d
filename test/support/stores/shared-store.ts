import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { ownerOfRun } from './owner.ts'
import { STORES, type Store, type StoreName } from './store.ts'

const POLL_MS = 50

/** Ceph's first start on two busy cores takes most of a minute. */
const START_MS = 300_000

/**
 * Runs a test over each real store. A store starts once for all test files of a run, with the first that needs it, and
 * ends with the run. Without its programs the test is skipped, which in CI is a failure.
 */
export async function withEachStore(
  t: Test,
  run: (t: Test, store: Store, name: StoreName) => Promise<void>,
): Promise<void> {
  t.setTimeout(2 * START_MS)
  const names = Object.keys(STORES) as StoreName[]
  // They start at the same time.
  for (const name of names) if (missingFor(name) === undefined) startOnce(name)
  for (const name of names) {
    await t.test(`over ${name}`, { timeout: START_MS }, async (t) => {
      const store = await storeFor(t, name)
      if (store !== undefined) await run(t, store, name)
    })
  }
}

/** The store of this run of tests. Undefined without its programs, which is reported. */
export async function storeFor(t: Test, name: StoreName): Promise<Store | undefined> {
  const missing = missingFor(name)
  if (missing === undefined) return sharedStore(name)
  const packages = STORES[name].packages.join(' ')
  if (process.env['CI']) t.fail(`CI needs ${missing} on the PATH`)
  else t.pass(`tests over ${name}`, { skip: `no ${missing} on the PATH: ${packages}` })
  return undefined
}

/** Whether the programs of a store are on this machine. */
export function isStoreInstalled(name: StoreName): boolean {
  return missingFor(name) === undefined
}

function missingFor(name: StoreName): string | undefined {
  return STORES[name].programs.find((program) => !isInstalled(program))
}

/** The store of this run of tests; starts it if no other test file has. */
export async function sharedStore(name: StoreName): Promise<Store> {
  const folder = startOnce(name)
  const deadline = Date.now() + START_MS
  while (!existsSync(join(folder, 'outcome.json'))) {
    if (Date.now() > deadline) throw new Error(`${name} has not started. Its logs are in ${folder}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  const { store, error } = JSON.parse(readFileSync(join(folder, 'outcome.json'), 'utf8')) as Outcome
  if (store === undefined) throw new Error(`${name} has not started: ${error}`)
  return store
}

interface Outcome {
  readonly store?: Store
  readonly error?: string
}

/** Starts a store, if no other process of this run has. Returns its folder. */
function startOnce(name: StoreName): string {
  const owner = ownerOfRun()
  const folder = join(tmpdir(), `range-store-${name}-${owner}`)
  try {
    // Of all that come here at the same time, one makes it.
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return folder
    throw error
  }
  const log = openSync(join(folder, 'keeper.out'), 'a')
  const keeper = fileURLToPath(new URL('./keeper.js', import.meta.url))
  // In a group of its own: tap kills the group of a test file that takes too long, and other files still need the store.
  spawn(process.execPath, [keeper, name, folder, owner], {
    detached: true,
    stdio: ['ignore', log, log],
  }).unref()
  return folder
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
