import { once } from 'node:events'
import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'

/** One answer, read to its end. */
export interface Probed {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly content: Buffer
}

/** The request. */
export interface Question {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** Sends one request before the measurement, to learn what the measurement needs. */
export async function probe({ port, path, headers }: Question): Promise<Probed> {
  const request = get({ port, host: '127.0.0.1', path, headers, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const content = await response.toArray()
  return { status: response.statusCode ?? 0, headers: response.headers, content: Buffer.concat(content) }
}
