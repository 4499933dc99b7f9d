import { connect } from 'node:http2'
import { Readable } from 'node:stream'
import { bufferSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { numberedLines } from '../support/numbered-lines.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const CONTENT = numberedLines(300_000)

/** Payloads with which a hook replaces a file. It leaves the fields. */
const REPLACEMENTS: Readonly<Record<string, () => unknown>> = {
  'a Response of a text': () => new Response('hello'),
  'a stream of the web': () => new Response('hello').body,
  'a stream of one chunk': () => Readable.from([Buffer.from('hello')]),
}

async function headOverHttp1(port: number, path: string): Promise<unknown> {
  const client = await RawClient.connect(port)
  client.request('GET', path)
  const bytes = await client.readBytes(CONTENT.length)
  return bytes.length === 0 ? 'none' : bytes.toString()
}

async function headOverHttp2(port: number, path: string): Promise<unknown> {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  const stream = session.request({ ':path': path })
  let head: unknown = 'none'
  stream.on('error', () => {})
  stream.on('response', (fields) => {
    head = { ...fields }
  })
  stream.resume()
  await new Promise((resolve) => stream.once('close', resolve))
  session.destroy()
  t.not(stream.rstCode, 0)
  return head
}

const VERSIONS = {
  'HTTP/1.1': { ask: headOverHttp1, server: {} },
  'HTTP/2': { ask: headOverHttp2, server: { http2: true } },
} as const

function serveInPlace(t: Test, server: object, replace: () => unknown) {
  return serve(t, {
    server,
    routes(app) {
      app.addHook('onSend', async () => replace())
      app.get<{ Params: { size: string } }>('/:size', (request, reply) =>
        reply.sendRange('x', { source: bufferSource(CONTENT.subarray(0, Number(request.params.size))) }),
      )
    },
  })
}

for (const [version, { ask, server }] of Object.entries(VERSIONS)) {
  for (const [name, replace] of Object.entries(REPLACEMENTS)) {
    t.test(
      `${version}: an answer is cut before its head when a hook replaces a file with ${name}`,
      async (t) => {
        const { port, log } = await serveInPlace(t, server, replace)
        for (const size of [13, 20_000, 65_537, 300_000]) {
          const before = log.length
          t.equal(await ask(port, `/${size}`), 'none', `${size} bytes`)
          t.ok(
            log.slice(before).some(({ msg }) => msg.includes('replaced the body')),
            'the log says why',
          )
        }
      },
    )
  }
}
