import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import { type RangePluginOptions, rangeRoutes } from 'fastify-send-range'
import t from 'tap'

const OPTIONS: RangePluginOptions & { prefix: string } = {
  prefix: '/files',
  index: 'index.html',
  extensions: ['.html'],
  dotfiles: 'deny',
  headers: ({ path }) => ({ 'x-path': path }),
}

t.test('the server in front is given the path of the file, and none for a redirect or a 404', async (t) => {
  for (const handOver of [
    { header: 'X-Accel-Redirect', prefix: '/__files/' },
    { header: 'X-Sendfile' },
  ] as const) {
    const field = handOver.header.toLowerCase()
    const root = t.testdir({
      'index.html': 'home',
      'about.html': 'about',
      'both.html': 'a page',
      both: { 'index.html': 'a folder' },
      docs: { 'index.html': 'docs' },
      'no-index': {},
      '.hidden': { 'index.html': 'secret' },
      'x:y': { 'index.html': 'colon' },
    })
    symlinkSync('/etc', join(root, 'outside'))
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(rangeRoutes, { root, handOver, ...OPTIONS })
    const folder = 'prefix' in handOver ? handOver.prefix : `${root}/`
    for (const [url, path] of [
      ['/files/', 'index.html'],
      ['/files/docs/?q', 'docs/index.html'],
      ['/files/about', 'about.html'],
      ['/files/both', 'both.html'],
      ['/files/both/', 'both/index.html'],
      ['/files/x:y/', 'x:y/index.html'],
    ] as const) {
      for (const method of ['GET', 'HEAD'] as const) {
        const { statusCode, headers, body } = await app.inject({
          method,
          url,
          headers: { range: 'bytes=0-1' },
        })
        t.equal(statusCode, 200, `${method} ${url}`)
        t.equal(headers[field], folder + path.replace(':', 'prefix' in handOver ? '%3A' : ':'))
        t.match(headers, { 'content-type': /^text\/html/, 'x-path': path })
        t.equal(body, '')
      }
    }
    for (const [url, status] of [
      ['/files', 302],
      ['/files/docs', 302],
      ['/files/nothing', 404],
      ['/files/no-index/', 404],
      ['/files/.hidden/', 403],
      ['/files/outside/', 404],
    ] as const) {
      const { statusCode, headers } = await app.inject(url)
      t.equal(statusCode, status, url)
      t.notOk(field in headers, url)
    }
  }
})
