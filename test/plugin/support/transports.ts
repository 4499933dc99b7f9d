import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { localhostCertificate } from './localhost-certificate.ts'

/** A request of a table. */
export interface Ask {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Its answer, the same whichever way it came. */
export interface Answer {
  readonly status: number
  /** Without the pseudo fields of HTTP/2 and the fields that only HTTP/1.1 has. */
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

/** A way to a server. */
export interface Transport {
  readonly name: string
  /** The options that Fastify needs for it. */
  readonly server: { readonly http2?: true; readonly https?: typeof localhostCertificate }
  ask(port: number, ask: Ask): Promise<Answer>
}

async function whole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function askHttp1(tls: boolean, port: number, { method = 'GET', path, headers }: Ask): Promise<Answer> {
  const options = { host: '127.0.0.1', port, path, method, headers, agent: false, rejectUnauthorized: false }
  const request = tls ? httpsRequest(options) : httpRequest(options)
  request.end()
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const body = await whole(response)
  if (!response.complete) throw new Error('The answer was cut')
  const { connection: _connection, 'keep-alive': _keepAlive, ...rest } = response.headers
  return { status: response.statusCode ?? 0, headers: rest, body }
}

async function askHttp2(tls: boolean, port: number, { method = 'GET', path, headers }: Ask): Promise<Answer> {
  const session = connect(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`, { rejectUnauthorized: false })
  try {
    const stream = session.request({ ':method': method, ':path': path, ...headers })
    const [head] = (await once(stream, 'response')) as [Record<string, unknown>]
    const body = await whole(stream)
    const rest = Object.fromEntries(Object.entries(head).filter(([name]) => !name.startsWith(':')))
    return { status: Number(head[':status']), headers: rest, body }
  } finally {
    session.destroy()
  }
}

/** Every way that Fastify serves. */
export const TRANSPORTS: readonly Transport[] = [
  { name: 'HTTP/1.1', server: {}, ask: (port, ask) => askHttp1(false, port, ask) },
  {
    name: 'HTTP/1.1 over TLS',
    server: { https: localhostCertificate },
    ask: (port, ask) => askHttp1(true, port, ask),
  },
  { name: 'HTTP/2', server: { http2: true }, ask: (port, ask) => askHttp2(false, port, ask) },
  {
    name: 'HTTP/2 over TLS',
    server: { http2: true, https: localhostCertificate },
    ask: (port, ask) => askHttp2(true, port, ask),
  },
]
