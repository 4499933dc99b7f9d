// Loads the modules of a command, so that too few descriptors for them are reported as what they are.
import { setTimeout as sleep } from 'node:timers/promises'
import { adviceOn, shortOfDescriptors } from '../files/descriptors.ts'
import { inWords, shortageOf } from '../shortage.ts'
import { EXIT_STATUS } from './exit-status.ts'

/** In ms. Modules are loaded side by side: until those that could be opened are read, the limit cannot be. */
const PAUSE = 20

/** Runs the module at `path`, a JavaScript file beside this one. `name`: of the command, for a message. */
export async function load(path: string, name: string): Promise<void> {
  try {
    await import(path)
  } catch (error) {
    // Node also says of a package.json that it cannot open that it is invalid.
    const shortage = shortageOf(error) ?? shortageOf(shortOfDescriptors())
    if (shortage === null) throw error
    await sleep(PAUSE)
    process.stderr.write(`${name}: cannot start: ${inWords(shortage)}. ${adviceOn(shortage)}\n`)
    process.exitCode = EXIT_STATUS.ERR_DOWNLOAD_RESOURCES
  }
}
