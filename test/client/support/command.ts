import { type ChildProcess, spawn } from 'node:child_process'
import { CLI } from '../../support/cli.ts'

/** How a run of the command ended. */
export interface Ended {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A run of the command. */
export interface Running {
  child: ChildProcess
  ended: Promise<Ended>
}

/** Environment without proxies and certificates. */
export function environment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/_proxy$|^SSL_CERT_|^NODE_EXTRA_CA_CERTS$|^NETRC$/i.test(name),
  )
  return { ...Object.fromEntries(kept), ...extra }
}

/** Starts any command and collects what it prints. */
export function spawnCommand(
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Running {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdin.on('error', () => undefined)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }))
  })
  return { child, ended }
}

/** Starts range-get with little patience. */
export function rangeGet(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Running {
  return spawnCommand(process.execPath, [CLI, '--retry-delay', '0.05', '--stall-timeout', '5', ...args], {
    cwd,
    env,
  })
}
