// The source over the client of an SDK, as the README has it, over a real store.
import type { Agent } from 'node:https'
import { S3Client } from '@aws-sdk/client-s3'
import Fastify from 'fastify'
import rangePlugin, { type RangeSource } from 'fastify-send-range'
import { sourceContract } from 'fastify-send-range/contract'
import t from 'tap'
import { distinctBytes } from '../plugin/stores/support/served-store.ts'
import { Bucket } from '../support/stores/bucket.ts'
import { storeFor } from '../support/stores/shared-store.ts'
import { StoreProxy } from '../support/stores/store-proxy.ts'
import { readDocument } from './support/markdown.ts'
import { runModule } from './support/snippet.ts'

// Otherwise the SDK warns under Node 20 that its next releases will want a newer one.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'

const HEADING = 'With the client of an SDK'
const CONTENT = distinctBytes(400_000)

const README = readDocument('plugin/README.md')
const recipe = README.blocks.find(({ heading }) => heading === HEADING)?.text ?? ''
// The route belongs to the application.
const source = recipe.slice(0, recipe.indexOf('\nconst source ='))

t.test('the client of the SDK has as many connections as the README says', async (t) => {
  // Its handler has read its options when this is settled. Nothing public says it.
  const { requestHandler } = new S3Client({ region: 'us-east-1' }).config as unknown as {
    requestHandler: { configProvider: Promise<{ httpsAgent: Agent }> }
  }
  const { maxSockets } = (await requestHandler.configProvider).httpsAgent
  t.match(README.text, `which has ${maxSockets} of them`)
})

t.test('the recipe has some thirty lines', async (t) => {
  const lines = source.slice(source.indexOf('function sdkSource')).split('\n')
  t.ok(lines.length <= 36, `${lines.length}`)
})

t.test('the recipe keeps the contract of a source over a real store', async (t) => {
  const store = await storeFor(t, 'ceph')
  if (store === undefined) return
  const bucket = await Bucket.make(t, store)
  await bucket.put('a.bin', CONTENT)
  const proxy = await StoreProxy.start(t, store)
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    AWS_ENDPOINT_URL_S3: proxy.store.endpoint,
  })
  const { sdkSource, client } = (await runModule(
    t,
    `${source}\nexport { client, sdkSource }`,
  )) as unknown as {
    sdkSource: (bucket: string) => RangeSource
    client: { destroy(): void }
  }
  t.teardown(() => client.destroy())
  const cases = sourceContract({
    source: () => sdkSource(bucket.name),
    path: 'a.bin',
    content: CONTENT,
    absent: 'b.bin',
    replace: (content) => bucket.put('a.bin', content),
  })
  for (const { name, run } of cases) await t.test(name, run)

  await t.test('all reads are pinned, and an answer costs a request more', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(rangePlugin, { source: sdkSource(bucket.name) })
    app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
    proxy.requests.length = 0
    const { rawPayload } = await app.inject({ url: '/a.bin', headers: { range: 'bytes=7-9' } })
    t.same(rawPayload, CONTENT.subarray(7, 10))
    t.match(proxy.requests, [
      { method: 'HEAD' },
      { method: 'GET', fields: new Map([['range', 'bytes=7-9']]) },
    ])
    t.equal(proxy.requests.length, 2)
    t.match(proxy.requests[1]?.fields.get('if-match'), /^"/)
  })
})
