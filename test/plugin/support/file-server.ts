import { utimes } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { type RangePluginOptions, rangePlugin } from 'fastify-send-range'
import type { Test } from 'tap'
import { RawConnection, type RawRequest, type RawResponse } from './raw-http.ts'
import { asServed } from './ways-to-serve.ts'

/** When every file of the fixture was last modified: the example of RFC 9110 §5.6.7. */
export const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT'
const MODIFIED_SECONDS = 784_111_777

/** What {@link serveFiles} starts. */
export interface ServeOptions {
  /** Names (no folders) and contents. */
  readonly files: Readonly<Record<string, string | Buffer>>
  readonly plugin?: RangePluginOptions
  readonly fastify?: FastifyServerOptions
  /** More routes; `GET /files/*`, its exposed HEAD, and `/sentinel` are there. */
  routes?(app: FastifyInstance): void
}

/** A server of files on a port of its own, gone with the test. */
export interface Server {
  readonly app: FastifyInstance
  readonly port: number
  readonly root: string
  /**
   * Sends one request over a connection of its own and reads the answer, then proves that the connection is where it
   * should be: closed with nothing left where the answer says so, else at the start of the next answer.
   */
  ask(request: RawRequest): Promise<RawResponse>
}

export const SENTINEL: RawRequest = { target: '/sentinel' }
const SENTINEL_BODY = 'still here'

export async function serveFiles(t: Test, options: ServeOptions): Promise<Server> {
  const root = t.testdir(options.files)
  for (const name of Object.keys(options.files)) {
    await utimes(join(root, name), MODIFIED_SECONDS, MODIFIED_SECONDS)
  }
  const app = Fastify({ logger: false, ...options.fastify })
  t.teardown(() => app.close())
  await app.register(rangePlugin, asServed({ root, ...options.plugin }))
  app.get('/files/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
  app.get('/sentinel', async () => SENTINEL_BODY)
  options.routes?.(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return { app, port, root, ask: (request) => ask(port, request) }
}

async function ask(port: number, request: RawRequest): Promise<RawResponse> {
  const connection = await RawConnection.open(port)
  try {
    connection.write(request)
    const response = await connection.read(request.method)
    await assertAtNextMessage(connection, response)
    return response
  } finally {
    connection.close()
  }
}

async function assertAtNextMessage(connection: RawConnection, response: RawResponse): Promise<void> {
  const closing = response.fields.some(([name, value]) => name === 'connection' && value === 'close')
  if (closing) {
    const rest = await connection.rest()
    if (rest.length > 0) throw new Error(`${rest.length} bytes behind the message`)
    return
  }
  connection.write(SENTINEL)
  await readSentinel(connection)
}

/** Reads the answer to {@link SENTINEL}; throws when anything else stands there. */
export async function readSentinel(connection: RawConnection): Promise<void> {
  const response = await connection.read()
  if (response.status !== 200 || response.body.toString() !== SENTINEL_BODY) {
    throw new Error(`status ${response.status} instead of the sentinel`)
  }
}
