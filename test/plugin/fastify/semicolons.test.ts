import Fastify, { type FastifyServerOptions } from 'fastify'
import { rangeRoutes } from 'fastify-send-range'
import t from 'tap'
import { serveFiles } from '../support/file-server.ts'

const SPELLINGS = ['check', 'exact', 'ignore'] as const

// Fastify's type of these does not name it.
const ON: object = { useSemicolonDelimiter: true }
const OFF: object = { useSemicolonDelimiter: false }
/** Where the option of the router can be set, and whether it is on. */
const PLACES: readonly (readonly [FastifyServerOptions, isOn: boolean])[] = [
  [{ routerOptions: ON }, true],
  [{ useSemicolonDelimiter: true }, true],
  [{ useSemicolonDelimiter: true, routerOptions: { ignoreTrailingSlash: true } }, true],
  [{ useSemicolonDelimiter: true, routerOptions: OFF }, false],
  [{ routerOptions: OFF }, false],
  [{}, false],
]

for (const [fastify, isOn] of PLACES) {
  for (const targetSpelling of SPELLINGS) {
    t.test(
      `%3B is served when ; begins the query (${JSON.stringify(fastify)}, ${targetSpelling})`,
      async (t) => {
        const files = { 'a;b.txt': 'semicolon', 'a.txt': 'plain' }
        const { ask } = await serveFiles(t, {
          files,
          fastify,
          plugin: { targetSpelling },
          routes: (app) => app.get('/files/guarded/*', (_request, reply) => reply.code(401).send('no')),
        })
        const answer = async (target: string): Promise<string | number> => {
          const { status, body } = await ask({ target })
          return status === 200 ? body.toString() : status
        }
        const isExact = targetSpelling === 'exact'
        t.equal(await answer('/files/a%3Bb.txt'), isOn || !isExact ? 'semicolon' : 404)
        t.equal(await answer('/files/a%3bb.txt'), isExact ? 404 : 'semicolon')
        t.equal(await answer('/files/a;b.txt'), isOn ? 404 : 'semicolon')
        t.equal(await answer('/files/a.txt;x=1'), isOn ? 'plain' : 404)
        t.equal(await answer('/files/gu%61rded/a%3Bb.txt'), 401)
        if (targetSpelling !== 'ignore') t.equal(await answer('/fil%65s/a%3Bb.txt'), 404)
      },
    )
  }
}

/** URLs of folders, and where each setting of the router leads. */
const FOLDERS: readonly {
  readonly url: string
  readonly on: string | number
  readonly off: string | number
}[] = [
  { url: '/files/docs;x=1', on: './docs/;x=1', off: 404 },
  { url: '/files/docs;x=%2F..', on: './docs/;x=%2F..', off: 404 },
  { url: '/files/docs;x=%61', on: './docs/;x=%61', off: 404 },
  { url: '/files/docs;x/', on: 404, off: 404 },
  { url: '/files/docs/;x', on: 200, off: 404 },
  { url: '/files/docs?x;y', on: './docs/?x;y', off: './docs/?x;y' },
  { url: '/files/docs;x?y', on: './docs/;x?y', off: 404 },
  { url: '/files/a%3Bb', on: './a%3Bb/', off: './a%3Bb/' },
  { url: '/files/a%3Bb/', on: 200, off: 200 },
  { url: '/files/a;b', on: 404, off: './a;b/' },
  { url: '/files/a;b/', on: 404, off: 200 },
  { url: '/files;x', on: './files/;x', off: 404 },
]

for (const [fastify, isOn] of PLACES) {
  t.test(`a folder with ; gets its slash before the query (${JSON.stringify(fastify)})`, async (t) => {
    const folder = (): Record<string, string> => ({ 'index.html': 'index', 'inside.txt': 'inside' })
    const app = Fastify(fastify)
    t.teardown(() => app.close())
    const root = t.testdir({ ...folder(), docs: folder(), 'a;b': folder() })
    await app.register(rangeRoutes, { root, prefix: '/files', index: 'index.html' })
    for (const { url, on, off } of FOLDERS) {
      const { statusCode, headers } = await app.inject(url)
      t.equal(headers.location ?? statusCode, isOn ? on : off, url)
      if (statusCode === 404) continue
      const page = new URL(headers.location ?? '', `http://host${url}`)
      t.equal((await app.inject(page.pathname + page.search)).body, 'index', `${url}: its index`)
      // RFC 3986 §5.2.3: a reference replaces what is after the last slash of the path.
      const { pathname } = new URL('inside.txt', page)
      t.equal((await app.inject(pathname)).body, 'inside', `${url}: a link in the page`)
    }
  })
}
