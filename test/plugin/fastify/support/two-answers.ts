import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Test } from 'tap'
import { type Served, serve } from '../../support/serve.ts'

/** Bytes of a file that is sent as a stream. */
export const BIG = 3_000_000
const BIGGER = 5_800_000
/** What the application sends. */
export const MINE = 'mine, and nothing else'

/** The files. */
export const contents = {
  first: Buffer.alloc(BIG, 'a'),
  second: Buffer.alloc(BIGGER, 'b'),
  small: Buffer.alloc(100, 'c'),
}

/** What a client can get: the complete file, the answer of the application, or an error. */
export type Answer = 'first' | 'small' | 'mine' | 'error' | 'empty'

/** What a route does with its reply. */
export type Handler = (reply: FastifyReply) => unknown

/** Without a hook, and with one in which another answer may come first. */
export const HOOKS: Readonly<Record<string, (app: FastifyInstance) => unknown>> = {
  'no hook': () => {},
  'a hook that takes a while': (app) =>
    app.addHook('onSend', async (_request, _reply, payload) => {
      await sleep(10)
      return payload
    }),
}

/** What a client got; undefined for a mixture. */
export function kindOf(status: number, body: Buffer): Answer | undefined {
  if (status >= 400 && status !== 404) {
    // Fastify's answer is empty if undefined was thrown.
    const isError = body.length === 0 || body.toString() === 'text' || body.includes('"statusCode"')
    return isError ? 'error' : undefined
  }
  if (body.toString() === MINE) return 'mine'
  if (body.length === 0) return 'empty'
  return (['first', 'small'] as const).find((name) => contents[name].equals(body))
}

/** Serves the contents, with a route for the handler and one for the next request. */
export async function served(
  t: Test,
  addHook: (app: FastifyInstance) => unknown,
  handler: Handler,
): Promise<Served & { root: string }> {
  const root = t.testdir(contents)
  const routes = async (app: FastifyInstance): Promise<void> => {
    await addHook(app)
    app.get('/', (_request, reply) => handler(reply))
    app.get('/next', (_request, reply) => reply.sendRange('small'))
  }
  return { root, ...(await serve(t, { plugin: { root, maxOpenFiles: 0 }, routes })) }
}
