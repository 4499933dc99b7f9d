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
  // Why an answer was cut is a warning, since clients and files may be the cause too.
  const lines: LogLine[] = []
  const logger = {
    level: 'warn',
    stream: { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) },
  }
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
    throw withReasons(error, lines)
  } finally {
    await app.close()
  }
  await counted.allClosed()
  const errors = lines.filter(({ level }) => level >= ERROR_LEVEL)
  assert.equal(errors.length, 0, `the server logged: ${reasonsIn(errors)}`)
}

/** A line of the log of Fastify. */
interface LogLine {
  readonly level: number
  readonly err?: { readonly message: string }
  readonly msg?: string
}

/** Of pino. */
const ERROR_LEVEL = 50

/** A wrong answer shows what is wrong, and the log why. */
function withReasons(error: unknown, lines: readonly LogLine[]): unknown {
  if (lines.length === 0 || !types.isNativeError(error)) return error
  const message = `${error.message}\nThe server logged: ${reasonsIn(lines)}`
  return Object.assign(new assert.AssertionError({ message }), { cause: error })
}

/** What the lines say, each thing once. */
function reasonsIn(lines: readonly LogLine[]): string {
  return [...new Set(lines.map(({ err, msg = '' }) => err?.message ?? msg))].join('; ')
}
