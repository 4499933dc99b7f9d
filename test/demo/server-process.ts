import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(import.meta.resolve('demo-server/main'))

/** A demo server in its own process. */
export interface ServerProcess {
  child: ChildProcess
  /** Its output until now. */
  output: { stdout: string; stderr: string }
  /** Its IPC messages until now; empty without IPC. */
  messages: unknown[]
  /** Its exit status, or the signal that killed it. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/**
 * Starts the command with plain pipes, as a shell would. Kill it, or wait for its end. It gets none of the variables that
 * the aws command reads, except those of `env`.
 */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ServerProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))
  return watch(
    spawn(process.execPath, [MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(inherited), ...env },
    }),
  )
}

/** Starts the command as the demo client does: with an IPC channel. */
export function forkServer(args: readonly string[]): ServerProcess {
  return watch(fork(MAIN, [...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] }))
}

function watch(child: ChildProcess): ServerProcess {
  const output = { stdout: '', stderr: '' }
  const messages: unknown[] = []
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  child.on('message', (message) => messages.push(message))
  // Not 'close': it never comes once the parent has disconnected the IPC channel.
  const ended = [child.stdout, child.stderr].map((stream) => stream && finished(stream))
  const exited = Promise.all([once(child, 'exit'), ...ended]).then(([[code, signal]]) => ({ code, signal }))
  return { child, output, messages, exited }
}

/** Waits until the server says on stdout where it listens, and returns that URL. */
export async function listening({ child, output }: ServerProcess): Promise<string> {
  for (;;) {
    const url = /demo server at (http:\/\/[^\s"]+)/.exec(output.stdout)?.[1]
    if (url) return url
    if (child.exitCode !== null) throw new Error(`server ended: ${output.stderr}`)
    await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')])
  }
}
