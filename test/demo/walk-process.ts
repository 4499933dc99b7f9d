import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { REPOSITORY } from '../support/repository.ts'

/** What `npm run demo` and `npm start` run: it builds, and then runs a program. */
export const LAUNCHER: string = `${REPOSITORY}demo-server/scripts/launch.cjs`

/** The built demo, as the launcher runs it. */
export const DEMO: string = `${REPOSITORY}demo-client/dist/demo.js`

/** How a run of the demo ended. */
export interface Outcome {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A running demo. */
export interface Walk {
  child: ChildProcessWithoutNullStreams
  /** Resolves when its output matches. Rejects if it ends earlier. */
  printed(pattern: RegExp): Promise<void>
  finished: Promise<Outcome>
}

/** The environment without the variables of the npm that runs these tests. */
function cleanEnv(): NodeJS.ProcessEnv {
  const { INIT_CWD: _, npm_lifecycle_event: __, NO_COLOR: ___, ...env } = process.env
  return env
}

/** Starts a command and collects what it prints. */
export function start(command: string, args: readonly string[], cwd: string): Walk {
  const child = spawn(command, args, { cwd, env: cleanEnv() })
  let stdout = ''
  let stderr = ''
  const look = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    for (const each of look) each()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => undefined)
  const finished = new Promise<Outcome>((resolve) => {
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }))
  })
  const printed = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!pattern.test(stdout)) return
        look.delete(check)
        resolve()
      }
      look.add(check)
      check()
      void finished.then(() => reject(new Error(`ended without printing ${pattern}:\n${stdout}${stderr}`)))
    })
  return { child, printed, finished }
}

/** Starts the demo. */
export function walk(args: readonly string[], cwd: string): Walk {
  return start(process.execPath, [DEMO, ...args], cwd)
}

/** A source that serves one text with ranges and records the Range of each request. */
export interface Source {
  url: string
  ranges: string[]
  /** The number of requests, with or without a Range. */
  requests: number
  text: Buffer
  etag(): string
  /** Stops the server and closes its connections. */
  stop(): Promise<void>
}

/** Starts a source on a free port of 127.0.0.1. `piece`: bytes sent every 10 ms; default: all at once. */
export async function startSource(text: string, piece: number = text.length): Promise<Source> {
  const source: Source = {
    url: '',
    ranges: [],
    requests: 0,
    text: Buffer.from(text),
    etag: () => `"${createHash('sha256').update(source.text).digest('hex').slice(0, 16)}"`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const server = createServer((request, response) => {
    source.requests++
    const etag = source.etag()
    const range = asked(request, etag)
    if (request.headers.range !== undefined) source.ranges.push(request.headers.range)
    const { text: body } = source
    if (range === null) {
      response.writeHead(200, { etag, 'content-length': body.length }).end(body)
      return
    }
    const [first, last] = [range[0], Math.min(range[1], body.length - 1)]
    response.writeHead(206, {
      etag,
      'content-range': `bytes ${first}-${last}/${body.length}`,
      'content-length': last + 1 - first,
    })
    void sendSlowly(response, body.subarray(first, last + 1), Math.max(1, piece))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  source.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return source
}

async function sendSlowly(response: ServerResponse, body: Buffer, piece: number): Promise<void> {
  for (let at = 0; at + piece < body.length && !response.destroyed; at += piece) {
    response.write(body.subarray(at, at + piece))
    await sleep(10)
  }
  response.end(body.subarray(Math.floor((body.length - 1) / piece) * piece))
}

function asked(request: IncomingMessage, etag: string): [number, number] | null {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
  if (match === null || (request.headers['if-range'] ?? etag) !== etag) return null
  return [Number(match[1]), Number(match[2])]
}
