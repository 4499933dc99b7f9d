import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { ask, type Where } from './ask.ts'
import { ENVIRONMENT } from './programs.ts'

const START_ATTEMPTS = 100
const START_PAUSE_MS = 50

/** An installed server, which listens on a Unix socket. */
export interface SocketServer {
  readonly program: string
  readonly args: readonly string[]
  readonly socketPath: string
  /** More variables of its environment. */
  readonly env?: NodeJS.ProcessEnv
}

/** Starts an installed server, and waits until it answers. It stops with the test. */
export async function startSocketServer(
  t: Test,
  { program, args, socketPath, env }: SocketServer,
): Promise<Where> {
  const child = spawn(program, args, {
    env: { ...ENVIRONMENT, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  // Some say there on each start how they start.
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exited
  })
  for (let attempt = 0; child.exitCode === null && attempt < START_ATTEMPTS; attempt++) {
    const answer = await ask({ socketPath }, { url: '/' }).catch(() => undefined)
    if (answer !== undefined) return { socketPath }
    await sleep(START_PAUSE_MS)
  }
  throw new Error(`${program} did not start: ${said}`)
}
