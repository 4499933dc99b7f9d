// Loads the modules of a command, and reports clearly if there are too few descriptors for them.
import { setTimeout as sleep } from 'node:timers/promises'
import { adviceOn, shortOfDescriptors } from '../files/descriptors.ts'
import { inWords, shortageOf } from '../system-shortage.ts'
import { EXIT_STATUS } from './exit-status.ts'

/** Modules are loaded in parallel. The limit can be read only after those that are open have been read. */
const PAUSE_MS = 20

/** Runs the module at `path`, a JavaScript file beside this one. `name` is that of the command, for messages. */
export async function load(path: string, name: string): Promise<void> {
  try {
    await import(path)
  } catch (error) {
    // Node reports a package.json that it cannot open as invalid.
    const shortage = shortageOf(error) ?? shortageOf(shortOfDescriptors())
    if (shortage === null) throw error
    await sleep(PAUSE_MS)
    process.stderr.write(`${name}: cannot start: ${inWords(shortage)}. ${adviceOn(shortage)}\n`)
    process.exitCode = EXIT_STATUS.ERR_DOWNLOAD_RESOURCES
  }
}
