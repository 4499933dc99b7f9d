import { appendFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { fileSource, firstOf, type RangeSource, type SendRangeOptions } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { type Served, serve } from '../support/serve.ts'

const SIZE = 12 * 1024 * 1024
const OLD = new Date('2020-01-01T00:00:00Z')

const SOURCES: Readonly<Record<string, (files: RangeSource) => RangeSource>> = {
  fileSource: (files) => files,
  firstOf: (files) => firstOf({ open: () => undefined }, firstOf(files)),
}

/** Servers of `f` by a source: one where the plugin has the options, one where each call has them. */
function serversOf(t: Test, source: RangeSource, options: SendRangeOptions): Promise<Served>[] {
  const ofPlugin = serve(t, { plugin: { source, ...options } })
  const ofCall = serve(t, {
    plugin: { source },
    routes: (app) => app.get('/f', (_request, reply) => reply.sendRange('f', options)),
  })
  return [ofPlugin, ofCall]
}

for (const [name, wrap] of Object.entries(SOURCES)) {
  t.test(`acceptRanges 'none' of the plugin or a call lets a file of a source grow (${name})`, async (t) => {
    const root = t.testdir({ f: Buffer.alloc(SIZE, 'A') })
    utimesSync(join(root, 'f'), OLD, OLD)
    let size = SIZE
    for (const server of serversOf(t, wrap(fileSource({ root })), { acceptRanges: 'none' })) {
      const { port, errors } = await server
      const client = await RawClient.connect(port)
      client.request('GET', '/f', ['Range: bytes=0-3'])
      const head = await client.readHead()
      t.equal(head.status, 200)
      t.equal(head.fields.get('accept-ranges'), 'none')
      t.match(head.fields.get('etag'), /^W\//, 'what may grow has no strong tag')
      await client.readBytes(1000)
      appendFileSync(join(root, 'f'), 'B')
      t.equal((await client.readBytes(size - 1000)).length, size - 1000)
      size++
      t.equal((await client.exchange('HEAD', '/f')).status, 200, 'the connection stays open')
      client.destroy()
      t.strictSame(errors(), [])
    }
  })

  t.test(
    `etag false of the plugin or a call has no etag function of a source called (${name})`,
    async (t) => {
      const root = t.testdir({ f: 'text' })
      const seen: string[] = []
      const etag = ({ path }: { readonly path: string }): string => {
        seen.push(path)
        return 'v1'
      }
      for (const server of serversOf(t, wrap(fileSource({ root, etag })), { etag: false })) {
        const { app } = await server
        const answer = await app.inject('/f')
        t.equal(answer.statusCode, 200)
        t.equal(answer.headers.etag, undefined)
      }
      t.strictSame(seen, [])
    },
  )

  t.test(`etag false of the plugin or a call has no content of a source hashed (${name})`, async (t) => {
    const root = t.testdir({ f: 'text' })
    utimesSync(join(root, 'f'), OLD, OLD)
    const source = wrap(fileSource({ root, etag: 'content' }))
    for (const server of serversOf(t, source, { etag: false })) {
      const { app } = await server
      for (let time = 0; time < 2; time++) {
        const { headers } = await app.inject('/f')
        t.equal(headers.etag, undefined)
        t.equal(headers['accept-ranges'], 'bytes', 'a file that is hashed and grows has none')
        appendFileSync(join(root, 'f'), 'B')
      }
    }
  })
}
