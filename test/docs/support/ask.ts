import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'

/** An answer, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A request. Its target is sent exactly as given. */
export interface Question {
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Where a server listens: a URL, or the path of a socket. */
export type Where = string | { readonly socketPath: string }

/** The options of `node:http` for that address. */
export function connectionTo(where: Where): RequestOptions {
  if (typeof where !== 'string') return { ...where, agent: false }
  const { hostname, port } = new URL(where)
  return { hostname, port, agent: false }
}

/** Sends one request on a new connection. Rejects if the answer is cut. */
export async function ask(where: Where, question: Question): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const { url, method = 'GET', headers = {} } = question
    const sent = request({ ...connectionTo(where), path: url, method, headers }, (response) => {
      let body = ''
      response.setEncoding('latin1').on('data', (text: string) => {
        body += text
      })
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      )
    })
    sent.once('error', reject).end()
  })
}
