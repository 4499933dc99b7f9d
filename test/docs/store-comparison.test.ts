import t, { type Test } from 'tap'
import { distinctBytes } from '../plugin/stores/support/served-store.ts'
import { Bucket } from '../support/stores/bucket.ts'
import { storeFor } from '../support/stores/shared-store.ts'
import type { Store } from '../support/stores/store.ts'
import { StoreProxy } from '../support/stores/store-proxy.ts'
import { ask, type Where } from './support/ask.ts'
import { plain, readDocument, tableUnder } from './support/markdown.ts'
import { missing } from './support/programs.ts'
import { STORE_CONTENDERS } from './support/store-contenders.ts'
import { assertShape } from './support/table-shape.ts'

const SMALL = 'hello, ranges'.repeat(100)
/** More than the buffers of all connections can contain. */
const LARGE = distinctBytes(24 * 1024 * 1024)
const CUT_AFTER = 3 * 1024 * 1024

interface Served {
  readonly where: Where
  readonly proxy: StoreProxy
  readonly bucket: Bucket
}

/** Measures one property of a server, and returns it in the words of the README's table. */
type Probe = (served: Served) => Promise<string>

const small =
  (headers: Record<string, string>, method = 'GET'): Probe =>
  async ({ where }) =>
    String((await ask(where, { url: '/small.txt', method, headers })).status)

const PROBES: Readonly<Record<string, Probe>> = {
  'several ranges in one request': async ({ where }) => {
    const { status, headers, body } = await ask(where, {
      url: '/small.txt',
      headers: { range: 'bytes=0-1,8-9' },
    })
    if (headers['content-type']?.startsWith('multipart/byteranges')) return `${status} multipart`
    return body === SMALL.slice(0, 2) ? `${status}, the first only` : String(status)
  },
  'If-Range with another tag': small({ range: 'bytes=0-1', 'if-range': '"another"' }),
  'If-None-Match with its tag': async (served) => {
    const { etag = '' } = (await ask(served.where, { url: '/small.txt' })).headers
    return await small({ 'if-none-match': etag })(served)
  },
  'If-Match with another tag': small({ 'if-match': '"another"' }),
  'an empty suffix, bytes=-0': small({ range: 'bytes=-0' }),
  'Content-Range of a 416': async ({ where }) => {
    const { status, headers } = await ask(where, { url: '/small.txt', headers: { range: 'bytes=9999-' } })
    return status === 416 ? (headers['content-range'] ?? 'missing') : String(status)
  },
  'HEAD with Range': small({ range: 'bytes=0-3' }, 'HEAD'),
  'a key that is not there': async ({ where }) => {
    const { status, body } = await ask(where, { url: '/nothing.txt' })
    return body.includes('<RequestId>') ? `${status}, with the store's XML` : String(status)
  },
  'the connection to the store breaks': async ({ where, proxy }) => {
    proxy.spoil({ after: CUT_AFTER, how: 'reset' })
    return await ask(where, { url: '/large.bin' }).then(
      ({ body }) => (Buffer.from(body, 'latin1').equals(LARGE) ? 'goes on' : 'wrong bytes'),
      () => 'cut',
    )
  },
}

const rows = tableUnder(readDocument('plugin/README.md'), 'Before an object store')
const noNginx = await missing('nginx', '-v')

t.test('the table has a row for each probe and a column for each server', async (t) => {
  assertShape(t, rows, { rows: Object.keys(PROBES), columns: Object.keys(STORE_CONTENDERS) })
})

async function column(t: Test, store: Store, name: string): Promise<void> {
  const bucket = await Bucket.make(t, store)
  // nginx does not sign requests.
  const open = { 'x-amz-acl': 'public-read' }
  await bucket.put('small.txt', Buffer.from(SMALL), { 'content-type': 'text/plain', ...open })
  await bucket.put('large.bin', LARGE, open)
  const proxy = await StoreProxy.start(t, store)
  const where = await STORE_CONTENDERS[name]?.(t, { ...proxy.store, bucket: bucket.name })
  if (where === undefined) throw new Error(`no server ${name}`)
  for (const [row, probe] of Object.entries(PROBES)) {
    const found = await probe({ where, proxy, bucket })
    const cells = rows.find((each) => plain(each['']) === row)
    const cell = Object.entries(cells ?? {}).find(([head]) => plain(head) === name)?.[1]
    t.equal(found, plain(cell), row)
  }
}

t.test('each server does what its column of the table says', async (t) => {
  const store = await storeFor(t, 'ceph')
  if (store === undefined) return
  for (const name of Object.keys(STORE_CONTENDERS))
    await t.test(name, { skip: name.startsWith('nginx') && noNginx }, (t) => column(t, store, name))
})
