import type { FastifyServerOptions } from 'fastify'
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
