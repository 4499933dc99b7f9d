import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { types } from 'node:util'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { rangePlugin } from '../index.ts'
import type { RangeSource } from '../sources/source.ts'
import type { ContractSubject } from './contract-subject.ts'
import { CountedSource } from './counted-source.ts'

/** The transports that answers are sent over. */
export type Transport = 'HTTP/1' | 'HTTP/2'

/** A server of a source under test: its content is at `/f`, what it does not have at `/absent`. */
export interface ContractServer {
  /** Listens on this machine, and resolves to the port. */
  listen(): Promise<number>
}

/**
 * Runs a check with a server of a source. Afterwards each representation must have been closed once, and no answer may
 * have logged an error.
 */
export async function withServer(
  { source, subject, transport }: { source: RangeSource; subject: ContractSubject; transport: Transport },
  check: (server: ContractServer) => Promise<void>,
): Promise<void> {
  const errors: string[] = []
  const logger = { level: 'error', stream: { write: (line: string) => void errors.push(line) } }
  const options = { logger, forceCloseConnections: true, http2: transport === 'HTTP/2' }
  // Which kind of server it is does not matter for what follows.
  const app = Fastify(options as FastifyServerOptions) as FastifyInstance
  const counted = new CountedSource(source)
  try {
    await app.register(rangePlugin, { source: counted })
    app.get('/f', (_request, reply) => reply.sendRange(subject.path))
    app.get('/absent', (_request, reply) => reply.sendRange(subject.absent ?? ''))
    await check({
      async listen() {
        await app.listen({ port: 0, host: '127.0.0.1' })
        return (app.server.address() as AddressInfo).port
      },
    })
  } catch (error) {
    throw withReasons(error, errors)
  } finally {
    await app.close()
  }
  await counted.allClosed()
  assert.equal(errors.length, 0, `the server logged: ${reasonsIn(errors)}`)
}

/** A wrong answer shows what is wrong, and the log why. */
function withReasons(error: unknown, errors: readonly string[]): unknown {
  if (errors.length === 0 || !types.isNativeError(error)) return error
  const message = `${error.message}\nThe server logged: ${reasonsIn(errors)}`
  return Object.assign(new assert.AssertionError({ message }), { cause: error })
}

/** The errors of lines of the log, each once, with their causes. */
function reasonsIn(lines: readonly string[]): string {
  const messages = lines.map((line) => {
    const { err, msg } = JSON.parse(line) as { err?: { message: string }; msg?: string }
    return err?.message ?? msg ?? line
  })
  return [...new Set(messages)].join('; ')
}
