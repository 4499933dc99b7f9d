// Names that spell a problem, and what clients get to know about the store.
import t, { type Test } from 'tap'
import { withEachStore } from '../../support/stores/shared-store.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { serve } from '../support/serve.ts'
import { serveStore, sourceOf } from './support/served-store.ts'

const KEYS = [
  'a b.txt',
  ' a',
  'a+b.txt',
  '100%.txt',
  '100%25.txt',
  'a%2Fb',
  'é.txt',
  'e\u0301.txt',
  "!'()*@=&$,;:.txt",
  '[x]{y}|^`"<>#?',
  '~tilde_-.txt',
  '😀.mp4',
  'folder/folder é/a b+c.txt',
  'index.html?versionId=1&x-id=GetObject',
  '.dotfile',
  '...',
  'x'.repeat(1000),
]

t.test('an object of any name is served, whole and by range', (t) =>
  withEachStore(t, async (t, store) => {
    const { app, bucket } = await serveStore(t, store)
    for (const key of KEYS) {
      await bucket.put(key, Buffer.from(`<${key}>`))
      const url = `/${key.split('/').map(encodeURIComponent).join('/')}`
      const whole = await app.inject(url)
      t.equal(whole.statusCode, 200, key)
      t.equal(whole.body, `<${key}>`, key)
      const part = await app.inject({ url, headers: { range: 'bytes=1-' } })
      t.equal(part.body, `${key}>`, `a range of ${key}`)
    }
  }),
)

t.test('a path with an empty segment or one of dots, a backslash or NUL leads to no request', (t) =>
  withEachStore(t, async (t, store) => {
    const { app, bucket, proxy } = await serveStore(t, store, { prefix: 'public/' })
    await bucket.put('secret', Buffer.from('secret'))
    await bucket.put('public/a', Buffer.from('a'))
    t.equal((await app.inject('/a')).body, 'a')
    proxy.requests.length = 0
    for (const path of ['..%2Fsecret', 'x/..%2F..%2Fsecret', '.%2Fa', '/a', 'a/', 'x%5Ca', 'a%00', ''])
      t.match((await app.inject(`/${path}`)).statusCode, /^40[034]$/, path)
    t.strictSame(proxy.requests, [])
  }),
)

const CONTENT = numberedLines(1000)

const HIDDEN_FIELDS = /^(?:x-|server$|via$|set-cookie$|etag-|amz-)/

t.test('nothing of the store is in an answer', (t) =>
  withEachStore(t, async (t, store) => {
    const { app, bucket, proxy, log } = await serveStore(t, store)
    await bucket.put('f.txt', CONTENT, { 'x-amz-meta-owner': 'somebody' })
    const { accessKeyId, secretAccessKey } = store
    const words = [
      bucket.name,
      new URL(proxy.store.endpoint).port,
      accessKeyId,
      secretAccessKey,
      '<?xml',
      'owner',
    ]
    const look = async (
      t: Test,
      server: typeof app,
      status: number,
      url: string,
      headers = {},
    ): Promise<void> => {
      const answer = await server.inject({ url, headers })
      t.equal(answer.statusCode, status, url)
      const text = JSON.stringify(answer.headers) + answer.body
      for (const word of words) t.notOk(text.includes(word), `${status}: ${word} is not in ${text}`)
      t.strictSame(
        Object.keys(answer.headers).filter((name) => HIDDEN_FIELDS.test(name)),
        [],
        `${status}`,
      )
    }
    await look(t, app, 200, '/f.txt')
    await look(t, app, 206, '/f.txt', { range: 'bytes=2-4' })
    await look(t, app, 206, '/f.txt', { range: 'bytes=0-0,400-400' })
    await look(t, app, 304, '/f.txt', { 'if-none-match': '*' })
    await look(t, app, 404, '/missing')
    await look(t, app, 412, '/f.txt', { 'if-match': '"other"' })
    await look(t, app, 416, '/f.txt', { range: 'bytes=1000-' })
    const wrong = { ...proxy.store, secretAccessKey: 'wrong' }
    const denied = await serve(t, { plugin: { source: sourceOf(bucket, wrong) } })
    await look(t, denied.app, 502, '/f.txt')
    const elsewhere = await serve(t, {
      plugin: { source: sourceOf(bucket, { ...proxy.store, bucket: 'no-such-one' }) },
    })
    await look(t, elsewhere.app, 502, '/f.txt')
    t.match(denied.errors()[0]?.err, { code: 'ERR_RANGE_UPSTREAM' })
    t.match(JSON.stringify(denied.log), /SignatureDoesNotMatch/, 'the log says why')
    t.match(JSON.stringify(elsewhere.log), /NoSuchBucket/, 'the log says why')
    const logs = JSON.stringify([log, denied.log, elsewhere.log])
    t.notOk(logs.includes(secretAccessKey), 'the secret key is not in the log')
    t.notOk(/Signature=|AWS4-HMAC/.test(logs), 'no signature is in the log')
  }),
)
