// Starts a store, and keeps it until the run of tests that it serves is over: keeper.js NAME FOLDER OWNER.
// OWNER is the process of the run. It may be killed, so the store is not stopped by it, but when it is gone.
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startCeph } from './ceph.ts'
import { Daemons } from './daemons.ts'
import { addressOf, isRunning } from './owner.ts'
import type { StoreName } from './store.ts'
import { startSwift } from './swift.ts'

const STARTS = { ceph: startCeph, swift: startSwift }
const CHECK_MS = 250

const [, , name, folder = '', owner = ''] = process.argv as [string, string, StoreName, ...string[]]
const daemons = new Daemons(folder)

async function end(): Promise<never> {
  await daemons.stop()
  rmSync(folder, { recursive: true, force: true })
  process.exit()
}

// The tests that wait read this. A rename is one step, so they never read a half.
function report(outcome: object): void {
  writeFileSync(join(folder, 'outcome.new'), JSON.stringify(outcome))
  renameSync(join(folder, 'outcome.new'), join(folder, 'outcome.json'))
}

setInterval(() => {
  if (!isRunning(owner)) void end()
}, CHECK_MS)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end())

// Those that wait for the store learn of a failure that nothing here expects.
process.on('uncaughtExceptionMonitor', (error) => report({ error: String(error) }))

try {
  report({ store: await STARTS[name](daemons, addressOf(process.pid)) })
} catch (error) {
  report({ error: String(daemons.failed.aborted ? daemons.failed.reason : error) })
  await daemons.stop()
}
