import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A running server under test. */
export interface Server {
  readonly port: number
  /** The process, or the master of several. */
  readonly pid: number
  stop(): Promise<void>
}

/**
 * Starts one of the programs in `servers/` as a separate process.
 *
 * @param name the name of the file without its extension
 */
export async function startNodeServer(name: string, args: readonly string[]): Promise<Server> {
  const program = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  const child = fork(program, [...args])
  const failed = once(child, 'exit').then(() => {
    throw new Error(`The server '${name}' did not start`)
  })
  const [{ port }] = (await Promise.race([once(child, 'message'), failed])) as [{ port: number }]
  failed.catch(() => {})
  return { port, pid: child.pid ?? 0, stop: () => stop(child) }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.disconnect()
  await once(child, 'exit')
}
