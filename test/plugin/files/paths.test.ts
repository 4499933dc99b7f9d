import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const NAMES: readonly string[] = [
  'plain.txt',
  'with space.txt',
  ' leading and trailing ',
  '100%.txt',
  '%41.txt',
  '%2e%2e',
  '%252f.txt',
  'a#b.txt',
  'a?b.txt',
  'a+b.txt',
  'a&b=c;d,e:f@g$h!.txt',
  `quo'te.txt`,
  'quo"te.txt',
  '<tag>.txt',
  '[brackets]{braces}|^`~.txt',
  'tab\there',
  'line\nbreak',
  '\u007f',
  '…dots…',
  'ünïcödé.txt',
  'u\u0308 decomposed',
  'ü composed',
  '日本語.txt',
  '🏳️‍🌈.bin',
  'العربية',
  '\u202etxt.exe',
  '\uffff',
  'c:',
  '...',
  'a..b',
  'name.',
  'x'.repeat(255),
  'é'.repeat(127),
]

t.test('a file is served under one encoding of its name only', async (t) => {
  const root = t.testdir({ folder: {} })
  const { port, app } = await serve(t, {
    plugin: { root, dotfiles: 'allow' },
    server: { routerOptions: { maxParamLength: 300 } },
    routes: (app) => {
      app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
      app.get<{ Params: { name: string } }>('/named/:name', (request, reply) =>
        reply.sendRange(request.params.name),
      )
    },
  })
  const client = await RawClient.connect(port)
  for (const name of NAMES) {
    for (const path of [name, `folder/${name}`]) {
      writeFileSync(join(root, path), `this is ${path}`)
      const target = `/${path.split('/').map(encodeURIComponent).join('/')}`
      const { status, body } = await client.exchange('GET', target)
      t.equal(status, 200, JSON.stringify(path))
      t.equal(body.toString(), `this is ${path}`)
    }
    const { status } = await client.exchange('GET', `/named/${encodeURIComponent(name)}`)
    t.equal(status, 200, `as a parameter: ${JSON.stringify(name)}`)
    const download = await client.exchange('GET', `/${encodeURIComponent(name)}`, ['Range: bytes=0-3'])
    t.equal(download.body.toString(), 'this')
  }
  t.equal(readdirSync(root).length, NAMES.length + 1)
  client.destroy()
  await app.close()
})

t.test('a name that no file can have is refused at once', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const { port } = await serve(t, { plugin: { root } })
  const client = await RawClient.connect(port)
  for (const [target, statuses] of [
    [`/${'x'.repeat(256)}`, [404]],
    [`/${'é'.repeat(128).split('').map(encodeURIComponent).join('')}`, [404]],
    [`/${'d/'.repeat(3000)}f.txt`, [404, 414]],
    ['/f.txt%00', [400, 404]],
    ['/%00', [400, 404]],
    ['/f.txt%00.png', [400, 404]],
    ['/%ff%fe', [400, 404]],
    ['/%ed%a0%80', [400, 404]],
    ['/%', [400, 404]],
    ['/%zz', [400, 404]],
    ['/', [400, 404]],
    ['/f.txt/', [404]],
  ] as const) {
    const { status } = await client.exchange('GET', target)
    t.ok((statuses as readonly number[]).includes(status), `${target.slice(0, 40)}: ${status}`)
  }
  client.destroy()
})

/** Second spellings of /private/secret.txt and of ways out of the root, from peers' advisories and beyond. */
const SPELLINGS: readonly string[] = [
  '/%70rivate/secret.txt',
  '/private/%73ecret.txt',
  '/private/secret%2Etxt',
  '/private%2fsecret.txt',
  '/private%2Fsecret.txt',
  '/private%5csecret.txt',
  '/private%5Csecret.txt',
  '/private\\secret.txt',
  '//private/secret.txt',
  '/private//secret.txt',
  '///private///secret.txt',
  '/./private/secret.txt',
  '/private/./secret.txt',
  '/%2e/private/secret.txt',
  '/private/%2e/secret.txt',
  '/private/%2E/secret.txt',
  '/public/../private/secret.txt',
  '/public/%2e%2e/private/secret.txt',
  '/public/.%2e/private/secret.txt',
  '/public/%2E./private/secret.txt',
  '/public%2f..%2fprivate%2fsecret.txt',
  '/public/..%2fprivate/secret.txt',
  '/public/..%5cprivate/secret.txt',
  '/public/..\\private\\secret.txt',
  '/public/../../root/private/secret.txt',
  '/public/..;/private/secret.txt',
  '/;/private/secret.txt',
  '/private/secret.txt/',
  '/private/secret.txt/.',
  '/private/secret.txt%2f',
  '/private/secret.txt%00',
  '/private%252fsecret.txt',
  '/%252e%252e/root/private/secret.txt',
  '/%c0%ae%c0%ae/root/private/secret.txt',
  '/%e0%80%ae%e0%80%ae/private/secret.txt',
  '/%uff0e%uff0e/private/secret.txt',
  '/\uff0e\uff0e/private/secret.txt',
  '/private∕secret.txt',
  '/private%e2%88%95secret.txt',
  '/PRIVATE/secret.txt',
  'http://localhost//private/secret.txt',
  'http://localhost/public/../private/secret.txt',
  '/?/../private/secret.txt',
  '/#/../private/secret.txt',
  '/../outside.txt',
  '/%2e%2e/outside.txt',
  '/..%2foutside.txt',
  '/..%5coutside.txt',
  '/public/../../outside.txt',
  '/public/%2e%2e/%2e%2e/outside.txt',
  '/.../outside.txt',
  '/../root-sibling/secret.txt',
  '/..%2froot-sibling%2fsecret.txt',
]

function guarded(app: FastifyInstance): void {
  // Two guards as people write them: on a route, and on the beginning of the URL.
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/private/')) await reply.code(401).send('no')
  })
  app.get('/private/*', { onRequest: async (_request, reply) => reply.code(401).send('no') }, () => 'never')
  app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
}

function tree(): Record<string, Record<string, unknown> | string> {
  return {
    root: { private: { 'secret.txt': 'the secret' }, public: { 'f.txt': 'public' } },
    'root-sibling': { 'secret.txt': 'the secret' },
    'outside.txt': 'the secret',
  }
}

t.test('no other spelling of a URL avoids a guard of a route or leaves the root', async (t) => {
  const base = t.testdir(tree() as Parameters<typeof t.testdir>[0])
  const root = join(base, 'root')
  for (const ignoreDuplicateSlashes of [false, true]) {
    const { port } = await serve(t, {
      plugin: { root, dotfiles: 'allow' },
      server: { routerOptions: { ignoreDuplicateSlashes, ignoreTrailingSlash: ignoreDuplicateSlashes } },
      routes: guarded,
    })
    for (const target of SPELLINGS) {
      const client = await RawClient.connect(port)
      client.socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
      const head = await client.readHead()
      const text = (await client.readBytes(100_000)).toString()
      t.ok(head.status >= 400, `${target}: ${head.status}`)
      t.notMatch(text, 'the secret')
      t.notMatch(text + [...head.fields.values()].join(), base, 'no path of the server')
    }
  }
})

t.test('an encoded slash is data if the route says so, and never leaves the root', async (t) => {
  const base = t.testdir(tree() as Parameters<typeof t.testdir>[0])
  const { port } = await serve(t, {
    plugin: { root: join(base, 'root') },
    routes: (app) => {
      app.get<{ Params: { key: string } }>('/objects/:key', (request, reply) =>
        reply.sendRange(request.params.key, { encodedSlashes: 'allow' }),
      )
      app.get<{ Params: { key: string } }>('/strict/:key', (request, reply) =>
        reply.sendRange(request.params.key),
      )
    },
  })
  const client = await RawClient.connect(port)
  t.equal((await client.exchange('GET', '/objects/public%2Ff.txt')).body.toString(), 'public')
  t.equal((await client.exchange('GET', '/strict/public%2Ff.txt')).status, 404)
  for (const key of [
    '..%2Foutside.txt',
    'public%2F..%2F..%2Foutside.txt',
    '%2Fetc%2Fpasswd',
    'public%2F%2Ff.txt',
    'public%2F.%2Ff.txt',
    'public%5Cf.txt',
    'public%2F..%2Fpublic%2Ff.txt',
  ]) {
    const { status } = await client.exchange('GET', `/objects/${key}`)
    t.ok(status >= 400, `${key}: ${status}`)
  }
  client.destroy()
})

t.test('a symlink is followed inside the root only', async (t) => {
  const base = t.testdir(tree() as Parameters<typeof t.testdir>[0])
  const root = join(base, 'root')
  const link = (target: string, name: string): void => symlinkSync(target, join(root, name))
  link('public/f.txt', 'inside-file')
  link('public', 'inside-folder')
  link(join(root, 'public'), 'inside-absolute')
  link('../root/public', 'out-and-in-again')
  link('inside-folder', 'inside-chain')
  link('../outside.txt', 'outside-file')
  link('..', 'outside-folder')
  link(base, 'outside-absolute')
  link('../root-sibling', 'sibling')
  link('outside-folder', 'outside-chain')
  link('/etc/passwd', 'passwd')
  link('/proc/self/root/etc', 'through-proc')
  link('../root/../outside.txt', 'crooked')
  link('absent', 'dangling')
  const linkedRoot = join(base, 'linked')
  symlinkSync('root', linkedRoot)
  for (const served of [root, linkedRoot]) {
    const { app } = await serve(t, { plugin: { root: served } })
    for (const target of [
      '/inside-file',
      '/inside-folder/f.txt',
      '/inside-absolute/f.txt',
      '/out-and-in-again/f.txt',
      '/inside-chain/f.txt',
    ]) {
      t.equal((await app.inject(target)).body, 'public', target)
    }
    for (const target of [
      '/outside-file',
      '/outside-folder/outside.txt',
      '/outside-folder/root/public/../../outside.txt',
      '/outside-absolute/outside.txt',
      '/sibling/secret.txt',
      '/outside-chain/outside.txt',
      '/passwd',
      '/through-proc/passwd',
      '/crooked',
      '/dangling',
    ]) {
      const { statusCode, body } = await app.inject(target)
      t.equal(statusCode >= 400, true, target)
      t.notMatch(body, base)
      t.notMatch(body, 'the secret')
    }
  }
})

t.test('a root that is a symlink may be swapped between requests', async (t) => {
  const base = t.testdir({ one: { 'f.txt': 'one' }, two: { 'f.txt': 'two' } })
  const root = join(base, 'current')
  symlinkSync('one', root)
  const { app } = await serve(t, { plugin: { root } })
  for (const release of ['one', 'two', 'one', 'two']) {
    symlinkSync(release, join(base, 'next'))
    renameSync(join(base, 'next'), root)
    const { body, headers } = await app.inject('/f.txt')
    t.equal(body, release)
    const again = await app.inject({ url: '/f.txt', headers: { 'if-none-match': String(headers.etag) } })
    t.equal(again.statusCode, 304)
  }
})

const DOTFILES = [
  { policy: 'ignore', hidden: 404 },
  { policy: 'deny', hidden: 403 },
  { policy: 'allow', hidden: 200 },
] as const

for (const { policy, hidden } of DOTFILES) {
  t.test(`dotfiles are treated as the option says (dotfiles: '${policy}')`, async (t) => {
    const root = t.testdir({
      '.env': 'hidden',
      '.git': { config: 'hidden' },
      a: { '.b': { c: 'hidden' } },
      'not.hidden': 'open',
    })
    const { app } = await serve(t, { plugin: { root, dotfiles: policy } })
    for (const target of ['/.env', '/.git/config', '/a/.b/c']) {
      const { statusCode } = await app.inject(target)
      t.equal(statusCode, hidden, target)
    }
    for (const target of ['/%2eenv', '/%2Egit/config', '/a/%2eb/c']) {
      const { statusCode } = await app.inject(target)
      t.equal(statusCode, 404, `${target}: a second spelling`)
    }
    t.equal((await app.inject('/not.hidden')).statusCode, 200)
    const absent = await app.inject('/.absent')
    t.equal(absent.statusCode, policy === 'deny' ? 403 : 404, 'an absent one gets the same answer')
  })
}

t.test('a root may have dots in its path and be made later', async (t) => {
  const root = join(t.testdir({}), '.hidden', 'root')
  const { app } = await serve(t, { plugin: { root } })
  t.equal((await app.inject('/f.txt')).statusCode, 404)
  mkdirSync(root, { recursive: true })
  writeFileSync(join(root, 'f.txt'), 'now')
  t.equal((await app.inject('/f.txt')).body, 'now')
})
