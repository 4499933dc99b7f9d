// The demo server as a child process, so that the demo uses real HTTP between two processes.
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A running demo server. Stop it. */
export interface DemoServer {
  /** Its origin, such as `http://127.0.0.1:3000`. */
  readonly url: string
  /** The names of the files that it serves. */
  readonly files: readonly string[]
  stop(): void
}

/** The server could not be started; the message says why. */
export class DemoServerError extends Error {}

/** How long to wait until the server listens. */
const START_TIMEOUT_MS = 20_000

/** Starts the server on `port`; null for 3000 or the next free one. @throws DemoServerError */
export function startDemoServer(port: number | null): Promise<DemoServer> {
  const main = fileURLToPath(import.meta.resolve('demo-server/main'))
  const args = ['--quiet', ...(port === null ? [] : ['--port', String(port)])]
  // The channel reports where the server listens. It also ends the server when this process ends, even if it is killed.
  const child = fork(main, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  return new Promise((resolve, reject) => {
    let errors = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    const fail = (reason: string): void => {
      const message = /\bEMFILE\b/.test(reason)
        ? `${reason}; raise the limit of descriptors (ulimit -n)`
        : reason
      clearTimeout(timer)
      child.kill()
      reject(new DemoServerError(`the demo server could not be started: ${message}`))
    }
    const timer = setTimeout(
      () => fail(`it did not start within ${START_TIMEOUT_MS / 1000} s`),
      START_TIMEOUT_MS,
    )
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => fail(reasonIn(errors) || `it ended with status ${code}`))
    child.on('message', (message) => {
      const news = readNews(message)
      if (news?.kind === 'failed') fail(news.reason)
      if (news?.kind !== 'listening') return
      clearTimeout(timer)
      resolve({ url: news.url, files: news.files, stop: () => stop(child) })
    })
  })
}

/** For an uncaught error Node writes first the source line, then the error, and last its own version. */
function reasonIn(errors: string): string {
  const lines = errors.trim().split('\n')
  return lines.find((line) => /^\w*Error(?: \[\w+\])?: /.test(line)) ?? lines.at(-1) ?? ''
}

type News =
  | { readonly kind: 'listening'; readonly url: string; readonly files: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }

function readNews(message: unknown): News | null {
  if (typeof message !== 'object' || message === null || !('type' in message)) return null
  if (message.type === 'listening' && 'url' in message && typeof message.url === 'string') {
    const files = 'files' in message && Array.isArray(message.files) ? message.files.map(String) : []
    return { kind: 'listening', url: message.url, files }
  }
  if (message.type !== 'failed') return null
  return { kind: 'failed', reason: 'message' in message ? String(message.message) : 'it did not say why' }
}

function stop(child: ChildProcess): void {
  if (child.connected) child.disconnect()
  child.unref()
  child.stderr?.destroy()
}
