import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RangeSource } from 'fastify-send-range'
import type { Test } from 'tap'
import { numberedLines } from '../../support/numbered-lines.ts'
import { type Served, serve } from '../../support/serve.ts'

/** The contents that are served under `/f/NAME`: none, at most 64 KiB, and more. */
export const CONTENTS: Readonly<Record<string, Buffer>> = {
  empty: Buffer.alloc(0),
  small: numberedLines(1000),
  large: numberedLines(1024 * 1024),
}

/** The body of the next answer on the connection. */
export const NEXT = 'still here'

/** The large content from a source that yields chunks. */
export const STREAMED: RangeSource = {
  open: () => ({
    size: (CONTENTS['large'] as Buffer).length,
    etag: '"streamed"',
    *read({ first, last }) {
      yield (CONTENTS['large'] as Buffer).subarray(first, last + 1)
    },
    close() {},
  }),
}

export type Payload = Buffer | Readable
/** An `onSend` hook. What it returns replaces the payload. */
export type Hook = (reply: FastifyReply, payload: Payload) => unknown

/** Code of the application that answers pass. */
export interface Way {
  readonly onRequest?: (reply: FastifyReply) => void
  readonly onSend?: Hook
}

/** Serves {@link CONTENTS} through this code of the application. */
export function serveBehind(t: Test, way: Way, server: object = {}): Promise<Served> {
  const { onRequest, onSend } = way
  const root = t.testdir({})
  for (const [name, content] of Object.entries(CONTENTS)) {
    writeFileSync(join(root, name), content)
    utimesSync(join(root, name), 1_000_000_000, 1_000_000_000)
  }
  const routes = (app: FastifyInstance): void => {
    app.register(async (scope) => {
      if (onRequest !== undefined) scope.addHook('onRequest', async (_request, reply) => onRequest(reply))
      if (onSend !== undefined)
        scope.addHook('onSend', async (_request, reply, payload) => {
          const isOurs = Buffer.isBuffer(payload) || payload instanceof Readable
          return isOurs || reply.statusCode !== 200 ? onSend(reply, payload as Payload) : payload
        })
      scope.get('/f/streamed', (_request, reply) => reply.sendRange('x', { source: STREAMED }))
      scope.get('/f/:name', (request: FastifyRequest<{ Params: { name: string } }>, reply) =>
        reply.sendRange(request.params.name),
      )
    })
    app.get('/next', async () => NEXT)
  }
  return serve(t, { plugin: { root }, server, routes })
}

/** The content under a name of {@link serveBehind}. */
export function contentOf(name: string): Buffer {
  return CONTENTS[name === 'streamed' ? 'large' : name] as Buffer
}
