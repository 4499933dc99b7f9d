#!/usr/bin/env node
// Starts the command. Its modules are loaded from here, so that too few descriptors for them are reported as what they are.
import { setTimeout as sleep } from 'node:timers/promises'
import { adviceOn, shortOfDescriptors } from './descriptors.ts'
import { EXIT_STATUS } from './exit-status.ts'
import { inWords, shortageOf } from './shortage.ts'

/** Built of `cli.ts`, beside this one. */
const COMMAND = './command.js'
/** In ms. Modules are loaded side by side: until those that could be opened are read, the limit cannot be. */
const PAUSE = 20

try {
  await import(COMMAND)
} catch (error) {
  // Node also says of a package.json that it cannot open that it is invalid.
  const shortage = shortageOf(error) ?? shortageOf(shortOfDescriptors())
  if (shortage === null) throw error
  await sleep(PAUSE)
  process.stderr.write(`range-get: cannot start: ${inWords(shortage)}. ${adviceOn(shortage)}\n`)
  process.exitCode = EXIT_STATUS.ERR_DOWNLOAD_RESOURCES
}
