// What real stores answer, which is why the sources ask as they do. Each row holds for Ceph and for Swift as Debian has them.
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { Bucket } from '../../support/stores/bucket.ts'
import { sharedStore, withEachStore } from '../../support/stores/shared-store.ts'
import { signed } from '../../support/stores/signed-request.ts'
import type { Store, StoreName } from '../../support/stores/store.ts'
import { StoreProxy } from '../../support/stores/store-proxy.ts'

const CONTENT = Buffer.from('0123456789')

/** A request, and what each store answers: the status and the body, or that it has the fields. */
interface Row {
  readonly name: string
  readonly fields: (etag: string) => Record<string, string>
  readonly key?: 'empty'
  readonly answer: Readonly<Record<StoreName, string>>
}

const both = (answer: string): Row['answer'] => ({ ceph: answer, swift: answer })

const ROWS: readonly Row[] = [
  { name: 'a range', fields: () => ({ range: 'bytes=2-4' }), answer: both('206 bytes 2-4/10 234') },
  {
    name: 'a range that is longer than the object',
    fields: () => ({ range: 'bytes=8-99' }),
    answer: both('206 bytes 8-9/10 89'),
  },
  {
    name: 'a range under the ETag of the object',
    fields: (etag) => ({ range: 'bytes=2-4', 'if-match': etag }),
    answer: both('206 bytes 2-4/10 234'),
  },
  {
    name: 'a range under another ETag, which is a changed object',
    fields: () => ({ range: 'bytes=2-4', 'if-match': '"other"' }),
    answer: both('412'),
  },
  {
    name: 'a range past the end under another ETag: 412, and not 416',
    fields: () => ({ range: 'bytes=20-', 'if-match': '"other"' }),
    answer: both('412'),
  },
  {
    name: 'an If-Range that does not match is ignored',
    fields: () => ({ range: 'bytes=2-4', 'if-range': '"other"' }),
    answer: both('206 bytes 2-4/10 234'),
  },
  {
    name: 'a weak If-Match never matches',
    fields: (etag) => ({ 'if-match': `W/${etag}` }),
    answer: both('412'),
  },
  {
    name: 'a suffix longer than the object',
    fields: () => ({ range: 'bytes=-99' }),
    answer: both('206 bytes 0-9/10 0123456789'),
  },
  {
    name: 'a suffix of no bytes',
    fields: () => ({ range: 'bytes=-0' }),
    answer: { ceph: '206 bytes 0-9/10 0123456789', swift: '416' },
  },
  { name: 'a range past the end has no size', fields: () => ({ range: 'bytes=10-' }), answer: both('416') },
  {
    name: 'an open-ended range of an empty object',
    fields: () => ({ range: 'bytes=0-' }),
    key: 'empty',
    answer: both('416'),
  },
  {
    name: 'a suffix of an empty object',
    fields: () => ({ range: 'bytes=-5' }),
    key: 'empty',
    answer: { ceph: '416', swift: '200 ' },
  },
]

t.test('a store answers a request', (t) =>
  withEachStore(t, async (t, store, name) => {
    const bucket = await Bucket.make(t, store)
    await bucket.put('object', CONTENT)
    await bucket.put('empty', Buffer.alloc(0))
    const etag = String((await bucket.get('object')).fields.etag)
    t.match(etag, /^"[0-9a-f]{32}"$/)
    for (const { name: title, fields, key = 'object', answer } of ROWS) {
      const { status, fields: got, body } = await bucket.get(key, fields(etag))
      const shown = [status, got['content-range'], status < 300 ? body : undefined]
      t.equal(shown.filter((each) => each !== undefined).join(' '), answer[name], title)
    }
  }),
)

t.test('several ranges: the first alone, or all as multipart', (t) =>
  withEachStore(t, async (t, store, name) => {
    const bucket = await Bucket.make(t, store)
    await bucket.put('object', CONTENT)
    const { status, fields } = await bucket.get('object', { range: 'bytes=0-1,5-6' })
    t.equal(status, 206)
    if (name === 'ceph') t.equal(fields['content-range'], 'bytes 0-1/10')
    else t.match(fields['content-type'], /^multipart\/byteranges;/)
  }),
)

t.test('the version that a slow GET began with is sent to its end, although the object is overwritten', (t) =>
  withEachStore(t, async (t, store) => {
    const bucket = await Bucket.make(t, store)
    const old = Buffer.alloc(16 * 1024 * 1024, 'old')
    await bucket.put('object', old)
    const target = bucket.target('object')
    const request = httpRequest(store.endpoint, {
      path: target,
      headers: signed(store, { method: 'GET', target }),
      agent: false,
    }).end()
    const [answer] = await once(request, 'response')
    await bucket.put('object', Buffer.alloc(old.length, 'new'))
    const parts: Buffer[] = []
    for await (const part of answer) parts.push(part)
    sameBytes(t, Buffer.concat(parts), old)
  }),
)

t.test('a HEAD of a missing key: Swift sends a body, which no HTTP parser accepts', (t) =>
  withEachStore(t, async (t, store, name) => {
    const bucket = await Bucket.make(t, store)
    const { hostname, port } = new URL(store.endpoint)
    const target = bucket.target('missing')
    const lines = Object.entries(signed(store, { method: 'HEAD', target, fields: { connection: 'close' } }))
    const socket = connect(Number(port), hostname)
    socket.write(`HEAD ${target} HTTP/1.1\r\n${lines.map((each) => `${each.join(': ')}\r\n`).join('')}\r\n`)
    let answer = ''
    for await (const chunk of socket) answer += chunk
    t.match(answer, /^HTTP\/1.1 404 /)
    t.equal(answer.split('\r\n\r\n').slice(1).join('') !== '', name === 'swift', answer)
  }),
)

t.test('what a store answers to wrong keys and to a bucket that is not there', (t) =>
  withEachStore(t, async (t, store, name) => {
    const bucket = await Bucket.make(t, store)
    await bucket.put('object', CONTENT)
    const code = async (target: string, keys: Partial<Store> = {}): Promise<string> => {
      const { host: _, ...headers } = signed({ ...store, ...keys }, { method: 'GET', target })
      const answer = await fetch(store.endpoint + target, { headers })
      return `${answer.status} ${/<Code>(.*)<\/Code>/.exec(await answer.text())?.[1]}`
    }
    t.equal(await code(bucket.target('object'), { secretAccessKey: 'wrong' }), '403 SignatureDoesNotMatch')
    const unknown = name === 'ceph' ? '403 InvalidAccessKeyId' : '403 SignatureDoesNotMatch'
    t.equal(await code(bucket.target('object'), { accessKeyId: 'nobody' }), unknown)
    t.equal(await code('/no-such-bucket-here/object'), '404 NoSuchBucket')
    t.equal(await code(bucket.target('missing')), '404 NoSuchKey')
  }),
)

t.test('a store starts once for all that ask at the same time', (t) =>
  withEachStore(t, async (t, store, name) => {
    t.strictSame(await Promise.all([sharedStore(name), sharedStore(name)]), [store, store])
  }),
)

t.test('the proxy before a store counts requests and connections, and cuts answers on command', (t) =>
  withEachStore(t, async (t, direct) => {
    const bucket = await Bucket.make(t, direct)
    const content = Buffer.alloc(1_000_000, 'content')
    await bucket.put('object', content)
    const proxy = await StoreProxy.start(t, direct)
    const seen = bucket.through(proxy.store)
    proxy.spoil({ after: 100_000, how: 'reset' })
    await t.rejects(seen.get('object'), { code: 'ECONNRESET' })
    t.equal(proxy.faultsLeft, 0)
    sameBytes(t, (await seen.get('object', { range: 'bytes=5-' })).body, content.subarray(5))
    t.strictSame(
      proxy.requests.map(({ method, target, fields }) => [method, target, fields.get('range')]),
      [
        ['GET', bucket.target('object'), undefined],
        ['GET', bucket.target('object'), 'bytes=5-'],
      ],
    )
    t.equal(proxy.mostOpen, 1)
  }),
)
