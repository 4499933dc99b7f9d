// Loads the modules of a command, and reports clearly if this Node.js is too old for them, or if there are too few
// descriptors. An old Node.js must be able to read what is imported here: it has no node:timers/promises, for example.
import { adviceOn, shortOfDescriptors } from '../files/descriptors.ts'
import { inWords, shortageOf } from '../system-shortage.ts'
import { EXIT_STATUS } from './exit-status.ts'
import { unsupportedNode } from './supported-node.ts'

/** Modules are loaded in parallel. The limit can be read only after those that are open have been read. */
const PAUSE_MS = 20

/** The status if this Node.js is too old. */
const NOT_STARTED = 1

/** Calls `run`, which loads and runs the command. `name` is that of the command, for messages. */
export async function load(run: () => Promise<unknown>, name: string): Promise<void> {
  const reason = unsupportedNode(process.versions.node)
  if (reason !== null) {
    process.stderr.write(`${name}: ${reason}\n`)
    process.exitCode = NOT_STARTED
    return
  }
  try {
    await run()
  } catch (error) {
    // Node reports a package.json that it cannot open as invalid.
    const shortage = shortageOf(error) ?? shortageOf(shortOfDescriptors())
    if (shortage === null) throw error
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    process.stderr.write(`${name}: cannot start: ${inWords(shortage)}. ${adviceOn(shortage)}\n`)
    process.exitCode = EXIT_STATUS.ERR_DOWNLOAD_RESOURCES
  }
}
