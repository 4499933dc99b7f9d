import { type IncomingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** A request to the server of a source under test. */
export interface Question {
  readonly method?: 'GET' | 'HEAD'
  readonly url: '/f' | '/absent'
  readonly headers?: Readonly<Record<string, string>>
}

/** A whole answer. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** An answer that stops for this long would keep the process of the tests alive after they have failed. In ms. */
const SILENCE_MS = 20_000

/**
 * Sends a request over a connection of its own. Not by `app.inject()`: what that loads is an ES module, which Jest cannot
 * load before Node 24.9. Rejects if the answer is cut.
 */
export async function ask(
  port: number,
  { method = 'GET', url: path, headers = {} }: Question,
): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false, timeout: SILENCE_MS })
  sent.once('timeout', () => sent.destroy(new Error(`no byte of an answer came for ${SILENCE_MS} ms`)))
  return await new Promise((resolve, reject) => {
    sent.once('error', reject)
    sent.once('response', (message) => {
      buffer(message).then(
        (body) => resolve({ status: message.statusCode ?? 0, headers: message.headers, body }),
        reject,
      )
    })
    sent.end()
  })
}
