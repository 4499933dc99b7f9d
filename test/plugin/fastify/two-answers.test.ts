import { once } from 'node:events'
import { connect } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, type LogLine, serve, until } from '../support/serve.ts'
import { ROWS } from './support/two-answer-rows.ts'
import { contents, HOOKS, kindOf, MINE, served } from './support/two-answers.ts'

/** Whether a line says that a reply was sent twice: ours, or Fastify's own. */
const isReported = ({ err }: LogLine): boolean =>
  err?.code === 'ERR_RANGE_ALREADY_SENT' || err?.code === 'FST_ERR_REP_ALREADY_SENT'

for (const [hook, addHook] of Object.entries(HOOKS)) {
  for (const { name, handler, want } of ROWS) {
    t.test(`a client gets one complete answer (${name}, ${hook})`, async (t) => {
      const { root, port, log } = await served(t, addHook, handler)
      const client = await RawClient.connect(port)
      for (let turn = 0; turn < 3; turn++) {
        const { status, fields, body } = await client.exchange('GET', '/', [])
        const kind = kindOf(status, body)
        t.ok(kind !== undefined && want.includes(kind), `${kind}: ${status}, ${body.length} bytes`)
        const isOurs = kind === 'first' || kind === 'small'
        t.equal(fields.has('etag'), isOurs, 'a tag for our answer only')
        t.equal(fields.has('accept-ranges'), isOurs)
        const next = await client.exchange('GET', '/next')
        sameBytes(t, next.body, contents.small, 'and the next answer is right')
      }
      client.destroy()
      await until(() => descriptorsBelow(root) === 0)
      // A client may have its answer before the handler is over.
      if (!/throws|forgets|cannot/.test(name)) await until(() => log.some(isReported))
    })
  }
}

t.test('a range that is given up leaves neither its status nor its fields', async (t) => {
  for (const addHook of Object.values(HOOKS)) {
    const { port } = await served(t, addHook, (reply) => {
      reply.sendRange('small')
      setImmediate(() => reply.send(MINE))
    })
    const client = await RawClient.connect(port)
    for (let turn = 0; turn < 20; turn++) {
      const { status, fields, body } = await client.exchange('GET', '/', ['Range: bytes=0-9'])
      if (status === 206) t.equal(body.toString(), 'c'.repeat(10))
      else {
        t.equal(status, 200)
        t.equal(body.toString(), MINE)
      }
      t.equal(fields.has('content-range'), status === 206)
    }
    client.destroy()
  }
})

t.test('sendRange in an onError hook leaves the answer to the error handler', async (t) => {
  const root = t.testdir(contents)
  const { port, log } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      app.addHook('onError', async (_request, reply) => {
        reply.sendRange('small')
        reply.sendRange('small')
        await sleep(20)
      })
      app.get('/', () => {
        throw new Error('of the handler')
      })
    },
  })
  const client = await RawClient.connect(port)
  for (let turn = 0; turn < 3; turn++) {
    const { status, body } = await client.exchange('GET', '/')
    t.equal(kindOf(status, body), 'error')
  }
  client.destroy()
  t.ok(log.length > 0)
})

t.test('a client gets one complete answer over HTTP/2', async (t) => {
  const root = t.testdir(contents)
  const { port } = await serve(t, {
    plugin: { root },
    server: { http2: true },
    routes: (app) => {
      for (const [at, { handler }] of ROWS.entries()) app.get(`/${at}`, (_request, reply) => handler(reply))
    },
  })
  const session = connect(`http://127.0.0.1:${port}`)
  for (const [at, { name, want }] of ROWS.entries()) {
    const stream = session.request({ ':path': `/${at}` })
    const chunks: Buffer[] = []
    let status = 0
    stream.on('response', (fields) => {
      status = Number(fields[':status'])
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(stream, 'close')
    const kind = kindOf(status, Buffer.concat(chunks))
    t.ok(kind !== undefined && want.includes(kind), `${name}: ${kind}`)
  }
  session.destroy()
})

t.test('the error handler of the application gets the code', async (t) => {
  const { app } = await served(
    t,
    (app) =>
      app.setErrorHandler((error: Error & { code?: string; statusCode?: number }, _request, reply) =>
        reply.code(error.statusCode ?? 0).send(error.code),
      ),
    (reply) => {
      reply.sendRange('first')
      reply.sendRange('second')
    },
  )
  const { statusCode, body } = await app.inject('/')
  t.equal(statusCode, 500)
  t.equal(body, 'ERR_RANGE_ALREADY_SENT')
})
