import { join } from 'node:path'
import { DownloadError, type DownloadOptions, type DownloadResult, download } from 'range-get'
import type { Test } from 'tap'
import {
  type HostileServer,
  head,
  makeContent,
  resource,
  type Script,
  startHostile,
} from './hostile-server.ts'
import { QUICK } from './run.ts'

/** A page as a server sends it in place of a file. */
export const PAGE = '<!DOCTYPE html>\n<title>Log in</title>\n'

/** A file. */
export const FILE = resource(makeContent(300_000))

/** How a download ended. */
export type Outcome = DownloadResult | DownloadError

/** Sends the whole of `body` with 200, whatever was asked for. */
export function whole(body: string | Buffer, fields: Readonly<Record<string, string>> = {}): Script {
  return (_, socket) => {
    socket.write(head('200 OK', { ...fields, 'content-length': Buffer.byteLength(body) }))
    socket.write(body)
  }
}

/** A server for the time of a test. */
export async function serve(t: Test, script: Script): Promise<HostileServer> {
  const server = await startHostile(script)
  t.teardown(() => server.stop())
  return server
}

/** What is downloaded, and to where. */
export interface Fetch {
  path: string
  directory: string
  /** The name of the file; without it the server's, or that of the URL. */
  output?: string | undefined
  /** Called with the bytes received so far. */
  onReceived?: (bytes: number) => void
}

/** Downloads, and says how it ended. */
export async function fetchTo(
  server: HostileServer,
  { path, directory, output, onReceived }: Fetch,
  options: DownloadOptions = {},
): Promise<Outcome> {
  const destination = output === undefined ? { directory } : join(directory, output)
  const run = download(`${server.url}${path}`, destination, { ...QUICK, ...options })
  for await (const { received } of run) onReceived?.(received)
  return await run.finished.catch((error: unknown) => {
    if (error instanceof DownloadError) return error
    throw error
  })
}

/** Holds an outcome to be the refusal of a page, or of what `reason` says. */
export function isRefused(t: Test, end: Outcome, reason: RegExp = /an HTML page/): void {
  if (!(end instanceof DownloadError)) {
    t.fail('it is refused')
    return
  }
  t.equal(end.code, 'ERR_DOWNLOAD_PROTOCOL')
  t.match(end.message, reason)
}
