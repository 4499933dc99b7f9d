import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import Fastify, { type FastifyInstance } from 'fastify'
import rangePlugin from 'fastify-send-range'
import t, { type Test } from 'tap'
import { ask, type Where } from './support/ask.ts'
import { readDocument } from './support/markdown.ts'
import { startNginx } from './support/nginx.ts'
import { missing } from './support/programs.ts'
import { recipeFiles } from './support/recipe-files.ts'
import { originOf, runRecipe } from './support/snippet.ts'

const PLAIN = readDocument('plugin/README.md').blocks.find(({ heading }) => heading === 'Behind nginx')?.text

const SIZE = 3 * 1024 * 1024 + 5
const CONTENT = 'lines of a text\n'.repeat(Math.ceil(SIZE / 16)).slice(0, SIZE)

async function serve(t: Test): Promise<FastifyInstance> {
  const root = t.testdir({ 'a b.txt': CONTENT })
  // A file written a moment ago has no Last-Modified yet.
  utimesSync(join(root, 'a b.txt'), 1_600_000_000, 1_600_000_000)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin, { root })
  app.get('/files/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

const skip = await missing('nginx', '-v')

t.test('behind nginx, the answers are those of the plugin', { skip }, async (t) => {
  const app = await serve(t)
  const nginx = await startNginx(t, `gzip on; ${PLAIN?.replace('http://127.0.0.1:3000', originOf(app))}`)
  const url = '/files/a%20b.txt'
  const direct = await ask(originOf(app), { url })
  for (const range of ['bytes=5-9', 'bytes=-5', 'bytes=0-1,8-9', `bytes=${SIZE}-`, 'bytes=x']) {
    const [through, straight] = await Promise.all(
      [nginx, originOf(app)].map((where) =>
        ask(where, { url, headers: { range, 'accept-encoding': 'gzip' } }),
      ),
    )
    t.equal(through?.status, straight?.status, range)
    for (const name of ['etag', 'content-range', 'content-length', 'accept-ranges', 'last-modified']) {
      t.equal(through?.headers[name], straight?.headers[name], `${range}: ${name}`)
    }
  }
  const resumed = await ask(nginx, {
    url,
    headers: { range: 'bytes=5-9', 'if-range': String(direct.headers.etag) },
  })
  t.equal(resumed.status, 206)
  t.equal((await ask(nginx, { url: '/files/..%2fa%20b.txt' })).status, 404)
})

t.test('behind nginx, a shared cache stores no private file', { skip }, async (t) => {
  const block = readDocument('plugin/README.md').blocks.find(({ heading }) => heading === 'Private files')
  const code = block?.text ?? ''
  const start = async (recipe: string): Promise<{ app: FastifyInstance; nginx: Where }> => {
    const app = await runRecipe(t, recipe, await recipeFiles(t))
    const cache = 'proxy_cache files; proxy_cache_valid 200 206 1h; proxy_cache_key $uri;'
    const nginx = await startNginx(t, `location /private/ { ${cache} proxy_pass ${originOf(app)}; }`)
    return { app, nginx }
  }
  const url = '/private/hello.txt'
  const headers = { authorization: 'Bearer secret' }
  const { app, nginx } = await start(code)
  const whole = await ask(nginx, { url, headers })
  t.match(whole, { status: 200, body: 'hello, ranges' })
  t.equal((await ask(nginx, { url })).status, 401, 'for somebody else')
  const again = { url, headers: { ...headers, 'if-none-match': String(whole.headers.etag) } }
  // nginx with a cache passes no condition on.
  t.equal((await ask(originOf(app), again)).status, 304)
  const { nginx: leaky } = await start(code.replace('private, no-cache', 'max-age=60'))
  await ask(leaky, { url, headers })
  t.equal((await ask(leaky, { url })).status, 200, 'without `private`, it would be stored')
})
