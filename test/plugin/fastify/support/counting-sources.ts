import { PassThrough, type Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RangeSource } from 'fastify-send-range'
import type { Test } from 'tap'
import { numberedLines } from '../../support/numbered-lines.ts'
import { RawClient } from '../../support/raw-client.ts'
import { serve } from '../../support/serve.ts'

/** The content of these sources. */
export const CONTENT: Buffer = numberedLines(300_000)

/** What an `onSend` hook does with the payload of an answer. A PassThrough that it returns replaces the payload. */
export type Hook = (payload: Readable) => unknown

/** Counts the representations that are open, and how often they are read. */
export abstract class CountingSource implements RangeSource {
  opened = 0
  closed = 0
  reads = 0

  open() {
    this.opened++
    const close = (): void => {
      this.closed++
    }
    return { size: CONTENT.length, etag: '"v1"', ...this.bytes(), close }
  }

  abstract bytes(): Streamed | Positional
}

export interface Streamed {
  read(range: { first: number; last: number }): AsyncIterable<Uint8Array>
}
export interface Positional {
  readAt(target: Uint8Array, position: number): Promise<number>
}

export class InOrder extends CountingSource {
  bytes(): Streamed {
    const begin = (): void => {
      this.reads++
    }
    return {
      async *read({ first, last }) {
        begin()
        for (let at = first; at <= last; at += 30_000) {
          await sleep(0)
          yield CONTENT.subarray(at, Math.min(at + 30_000, last + 1))
        }
      },
    }
  }
}

export class Anywhere extends CountingSource {
  bytes(): Positional {
    return {
      readAt: async (target, position) => {
        await sleep(0)
        return CONTENT.copy(target, 0, position)
      },
    }
  }
}

/** Serves a source behind a hook. */
export async function serveBehind(t: Test, source: RangeSource, hook: Hook) {
  return await serve(t, {
    plugin: { source },
    routes(app) {
      app.addHook('onSend', async (_request, reply, payload) => {
        if (!(payload instanceof Object && 'pipe' in payload) || reply.statusCode >= 400) return payload
        const given = await hook(payload as Readable)
        return given instanceof PassThrough ? given : payload
      })
      app.get('/*', (_request, reply) => reply.sendRange('a.txt'))
    },
  })
}

/** How an answer ends; `wrong` if a client would take other bytes for the file. */
export async function outcomeOf(port: number): Promise<'whole' | 'refused' | 'cut' | 'wrong'> {
  const client = await RawClient.connect(port)
  try {
    client.request('GET', '/a.txt')
    const { status, body, complete } = await client.readAnswer('GET')
    if (status >= 500) return 'refused'
    if (!complete) return body.equals(CONTENT.subarray(0, body.length)) ? 'cut' : 'wrong'
    return body.equals(CONTENT) ? 'whole' : 'wrong'
  } catch {
    return 'cut'
  } finally {
    client.destroy()
  }
}
