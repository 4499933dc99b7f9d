import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Server } from './server.ts'

// Debian installs servers in folders that are not in the PATH of ordinary users.
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`

const START_ATTEMPTS = 100
const START_PAUSE_MS = 100

/** An installed program, run as a server. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  /** The port of 127.0.0.1 that it listens on. */
  readonly port: number
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts a program, and resolves when it accepts connections. */
export async function startProgram({ command, args, port, env }: Program): Promise<Server> {
  const child = spawn(command, [...args], { env: { ...process.env, PATH, ...env }, stdio: 'ignore' })
  // A command that is missing emits `error`, and never `exit`.
  const ended = Promise.race([once(child, 'exit'), once(child, 'error')]).catch(() => {})
  const kill = (): boolean => child.kill('SIGTERM')
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    kill()
    await ended
  }
  for (let attempt = 0; attempt < START_ATTEMPTS && child.pid !== undefined; attempt++) {
    if (await isListening(port)) return { port, pid: child.pid, stop }
    if (child.exitCode !== null) break
    await sleep(START_PAUSE_MS)
  }
  await stop()
  throw new Error(`${command} did not start`)
}

/** The first line that a command prints, or undefined if it is not installed. */
export async function firstLineOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(command, args)
    return `${stdout}${stderr}`.trim().split('\n')[0]
  } catch {
    return undefined
  }
}

/** Runs a command to its end. Rejects if it fails. */
export function run(command: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(command, [...args], { env: { ...process.env, PATH } })
}

async function isListening(port: number): Promise<boolean> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
