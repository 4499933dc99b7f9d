import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { CHANNELS, type SendRangeEvent } from 'fastify-send-range'
import type { Test } from 'tap'

/** One ended answer, as the server saw it. */
export interface Served {
  url: string
  method: string
  range: string | undefined
  ifRange: string | undefined
  etag: string
  status: number
  /** First position of a single range. */
  start: number | undefined
  bytesSent: number
  outcome: 'served' | 'aborted'
}

/** Collects what the servers of this process answer from now to the end of the test. */
export function collect(t: Test): Served[] {
  const served: Served[] = []
  const listener =
    (outcome: Served['outcome']) =>
    (message: unknown): void => {
      const { request, reply, status, ranges, bytesSent } = message as SendRangeEvent
      served.push({
        url: request.url,
        method: request.method,
        range: request.headers.range,
        ifRange: request.headers['if-range'] as string | undefined,
        etag: String(reply.getHeader('etag')),
        status,
        start: ranges[0]?.first,
        bytesSent,
        outcome,
      })
    }
  const [onServed, onAborted] = [listener('served'), listener('aborted')]
  subscribe(CHANNELS.served, onServed)
  subscribe(CHANNELS.aborted, onAborted)
  t.teardown(() => {
    unsubscribe(CHANNELS.served, onServed)
    unsubscribe(CHANNELS.aborted, onAborted)
  })
  return served
}

/** Whether a URL, with any query, is that of a file. */
export function isOf(url: string, path: string): boolean {
  return url.split('?')[0] === path
}

/** The ranges that were asked of a file with GET, in order. The page also requests files with HEAD. */
export function rangesOf(served: readonly Served[], path: string): (string | undefined)[] {
  return served.filter(({ url, method }) => isOf(url, path) && method === 'GET').map(({ range }) => range)
}
