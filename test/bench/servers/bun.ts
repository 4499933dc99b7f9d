import { fileURLToPath } from 'node:url'
import { freePort } from '../../support/free-port.ts'
import { firstLineOf, startProgram } from './program.ts'
import type { Server } from './server.ts'

const PROGRAM = fileURLToPath(new URL('./bun-directory.js', import.meta.url))

/** The name and version of Bun, or undefined if it is not installed. */
export async function bunVersion(bun: string): Promise<string | undefined> {
  const version = await firstLineOf(bun, ['--version'])
  return version === undefined ? undefined : `Bun ${version}`
}

/**
 * Starts `bun-directory.ts` under Bun.
 *
 * @param bun the command
 */
export async function startBun(bun: string, root: string): Promise<Server> {
  const port = await freePort()
  return startProgram({ command: bun, args: [PROGRAM, root, String(port)], port })
}
