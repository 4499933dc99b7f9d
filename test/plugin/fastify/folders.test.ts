import { symlinkSync } from 'node:fs'
import { connect } from 'node:http2'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import {
  fileSource,
  firstOf,
  type RangePluginOptions,
  type RangeSource,
  rangePlugin,
  rangeRoutes,
  type WildcardRoute,
} from 'fastify-send-range'
import t, { type Test } from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, serve, until } from '../support/serve.ts'

function files(t: Test): string {
  const root = t.testdir({
    'index.html': 'home',
    'about.html': 'about',
    'both.html': 'a page',
    both: { 'index.html': 'a folder' },
    docs: { 'index.html': 'docs', 'ü a.txt': 'x', deep: { 'index.html': 'deep' } },
    'no-index': { 'a.txt': 'a' },
    '.hidden': { 'index.html': 'secret' },
    'a.tar': 'tar',
    'evil.example': { 'index.html': 'evil' },
    'ü a': { 'index.html': 'spaced' },
    'x:y': { 'index.html': 'colon' },
  })
  symlinkSync('/etc', join(root, 'outside'))
  return root
}

interface Given {
  readonly options?: Partial<RangePluginOptions>
  readonly server?: FastifyServerOptions
}

async function routes(t: Test, { options, server }: Given = {}): Promise<FastifyInstance> {
  const app = Fastify(server)
  t.teardown(() => app.close())
  const root = files(t)
  await app.register(rangeRoutes, {
    root,
    prefix: '/files',
    index: 'index.html',
    extensions: ['.html'],
    ...options,
  })
  return app
}

t.test('a folder is its index, under a URL that ends in a slash', async (t) => {
  const app = await routes(t)
  for (const [url, body] of [
    ['/files/', 'home'],
    ['/files/docs/', 'docs'],
    ['/files/docs/?q=1', 'docs'],
    ['/files/docs/deep/', 'deep'],
    ['/files/%C3%BC%20a/', 'spaced'],
  ] as const) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 200, url)
    t.equal(answer.body, body)
    t.match(answer.headers['content-type'], /^text\/html/)
    const part = await app.inject({
      url,
      headers: { range: 'bytes=1-2', 'if-range': String(answer.headers.etag) },
    })
    t.equal(part.body, body.slice(1, 3), 'ranges')
    const same = await app.inject({ url, headers: { 'if-none-match': String(answer.headers.etag) } })
    t.equal(same.statusCode, 304)
  }
})

t.test('the URL of a folder without the slash is redirected, with its query, for GET and HEAD', async (t) => {
  const app = await routes(t)
  for (const [url, location] of [
    ['/files', './files/'],
    ['/files?q=1', './files/?q=1'],
    ['/files/docs', './docs/'],
    ['/files/docs?a=b&c=//d', './docs/?a=b&c=//d'],
    ['/files/docs/deep', './deep/'],
    ['/files/%C3%BC%20a', './%C3%BC%20a/'],
    ['/files/x:y', './x:y/'],
    ['/files/evil.example', './evil.example/'],
  ] as const) {
    for (const method of ['GET', 'HEAD'] as const) {
      const answer = await app.inject({ method, url })
      t.equal(answer.statusCode, 302, `${method} ${url}`)
      t.equal(answer.headers.location, location)
      t.equal(answer.headers['content-length'], '0')
      for (const name of ['etag', 'accept-ranges', 'content-type', 'cache-control'])
        t.notOk(name in answer.headers, name)
      const { pathname, search } = new URL(location, `http://host${url}`)
      t.equal((await app.inject({ method, url: pathname + search })).statusCode, 200, 'it is there')
    }
  }
})

t.test('a folder is redirected under any spelling where any is served', async (t) => {
  const app = await routes(t, { options: { targetSpelling: 'ignore' } })
  t.equal((await app.inject('/files/%64ocs')).headers.location, './%64ocs/')
  t.equal((await app.inject('/files/%64ocs/')).body, 'docs')
})

t.test('what is not a folder with an index is a 404', async (t) => {
  const app = await routes(t)
  for (const url of [
    '/files/no-index',
    '/files/no-index/',
    '/files/nothing',
    '/files/nothing/',
    '/files/index.html/',
    '/files//',
    '/files/docs//',
    '/files//docs',
    '/files/.hidden',
    '/files/.hidden/',
    '/files/outside',
    '/files/outside/',
    '/files/docs%2F',
    '/files/%64ocs/',
    // Each would be redirected to a URL that is a 404.
    '/files/%64ocs',
    '/%66iles',
    '/files//evil.example',
    '//evil.example',
    '//evil.example/files',
  ]) {
    t.equal((await app.inject(url)).statusCode, 404, url)
  }
})

t.test('no target leads to another host, whatever is sent', async (t) => {
  const { port } = await serve(t, {
    plugin: { root: files(t), index: 'index.html' },
    server: { routerOptions: { ignoreDuplicateSlashes: true } },
  })
  for (const target of [
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '//evil.example/..',
    'http://evil.example//docs',
    '//evil.example//docs?//evil.example',
    '/docs?\\\\evil.example',
  ]) {
    const client = await RawClient.connect(port)
    const answer = await client.exchange('GET', target)
    const location = answer.fields.get('location')
    if (location !== undefined) t.match(location, /^\.\/[^/\\]+\/(?:\?[^\\]*)?$/, target)
    client.destroy()
  }
})

t.test('extensions are tried in order, where no file is, before the index of a folder', async (t) => {
  const app = await routes(t, { options: { extensions: ['.html', '.tar'] } })
  for (const [url, body] of [
    ['/files/about', 'about'],
    ['/files/about.html', 'about'],
    ['/files/a', 'tar'],
    ['/files/both', 'a page'],
    ['/files/both/', 'a folder'],
  ] as const) {
    const answer = await app.inject(url)
    t.equal(answer.statusCode, 200, url)
    t.equal(answer.body, body)
  }
  t.match((await app.inject('/files/about')).headers['content-type'], /^text\/html/)
  for (const url of ['/files/about/', '/files/.hidden/index'])
    t.equal((await app.inject(url)).statusCode, 404, url)
})

t.test('the options are for any call, and off by default', async (t) => {
  const root = files(t)
  const { app } = await serve(t, {
    plugin: { root, headers: ({ path }) => ({ 'x-path': path }), etag: ({ path }) => path },
    routes: (app) => {
      const index = 'index.html'
      app.get<WildcardRoute>('/off/*', ({ params }, reply) => reply.sendRange(params['*']))
      app.get<WildcardRoute>('/on/*', ({ params }, reply) => reply.sendRange(params['*'], { index }))
      app.post<WildcardRoute>('/on/*', ({ params }, reply) => reply.sendRange(params['*'], { index }))
      app.get('/home', (_request, reply) => reply.sendRange('docs/', { index }))
      app.get('/other', (_request, reply) => reply.sendRange('docs', { index }))
      app.get('/gone/docs', (_request, reply) => reply.code(410).sendRange('docs', { index }))
    },
  })
  t.equal((await app.inject('/off/docs')).statusCode, 404)
  t.equal((await app.inject('/off/docs/')).statusCode, 404)
  t.equal((await app.inject('/off/')).statusCode, 400)
  t.equal((await app.inject('/on/docs')).statusCode, 302)
  const found = await app.inject('/on/docs/')
  t.match(
    found.headers,
    { 'x-path': 'docs/index.html', etag: '"docs/index.html"' },
    'functions get the path of the file',
  )
  t.equal((await app.inject('/home')).body, 'docs', 'a call may name the folder with its slash')
  t.equal((await app.inject('/other')).statusCode, 404, 'a URL that names something else')
  t.equal((await app.inject({ method: 'POST', url: '/on/docs' })).statusCode, 404, 'only GET and HEAD')
  t.equal((await app.inject('/gone/docs')).statusCode, 404, 'a status of the handler')
})

t.test('a router that ignores the slash at the end causes no loop', async (t) => {
  const app = await routes(t, { server: { routerOptions: { ignoreTrailingSlash: true } } })
  t.equal((await app.inject('/files/docs')).headers.location, './docs/')
  t.equal((await app.inject('/files/docs/')).body, 'docs')
  t.equal((await app.inject('/files')).headers.location, './files/')
  t.equal((await app.inject('/files/')).body, 'home')
})

t.test(
  'the redirect of a request that was rewritten leads to a URL of the client, or is a 404',
  async (t) => {
    const app = await routes(t, {
      server: { rewriteUrl: ({ url = '' }) => url.replace(/^\/(?:v1|x)/, '/files') },
    })
    t.equal((await app.inject('/v1/docs')).headers.location, './docs/')
    t.equal((await app.inject('/v1/docs/')).body, 'docs')
  },
)

t.test('hooks and the options of the redirected folder are those of its files', async (t) => {
  const app = await routes(t, { options: { dotfiles: 'deny' } })
  t.equal((await app.inject('/files/.hidden')).statusCode, 403)
  t.equal((await app.inject('/files/.hidden/')).statusCode, 403)
})

t.test('folders and extensions are found in any source, and nothing stays open', async (t) => {
  const root = files(t)
  const closed: string[] = []
  const pages: RangeSource = {
    open: (path) =>
      ['blog/index.html', 'news.html'].includes(path)
        ? {
            size: path.length,
            readAt: async (target) => new TextEncoder().encodeInto(path, target).written,
            close: () => void closed.push(path),
          }
        : undefined,
  }
  const source = firstOf(fileSource({ root, maxOpenFiles: 0 }), pages)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin)
  app.get<WildcardRoute>('/*', ({ params }, reply) =>
    reply.sendRange(params['*'], { source, index: 'index.html', extensions: ['.html'] }),
  )
  t.equal((await app.inject('/news')).body, 'news.html')
  t.equal((await app.inject('/blog')).headers.location, './blog/')
  t.equal((await app.inject('/blog/')).body, 'blog/index.html')
  t.equal((await app.inject('/docs')).headers.location, './docs/')
  t.strictSame(closed, ['news.html', 'blog/index.html', 'blog/index.html'])
  await until(() => descriptorsBelow(root) === 0)
})

t.test('the redirect is the same over HTTP/2', async (t) => {
  const { port } = await serve(t, {
    plugin: { root: files(t), index: 'index.html' },
    server: { http2: true },
  })
  const session = connect(`http://127.0.0.1:${port}`)
  t.teardown(() => session.close())
  const fields = await new Promise<Record<string, unknown>>((resolve) =>
    session.request({ ':path': '/docs?q' }).once('response', resolve).resume(),
  )
  t.equal(fields[':status'], 302)
  t.equal(fields['location'], './docs/?q')
})
