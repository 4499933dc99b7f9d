import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

interface Row {
  readonly routerOptions: object
  readonly targetSpelling: 'check' | 'exact'
  /** The targets with which a file passes a hook that looks at the beginning of `request.url`. */
  readonly passing: readonly string[]
}

/** Targets that may lead to `private/f.txt`. */
const TARGETS = [
  '/private/f.txt',
  'http://localhost/private/f.txt',
  '//private/f.txt',
  '/private//f.txt',
  '/PRIVATE/f.txt',
  '/./private/f.txt',
  '/p%72ivate/f.txt',
  '/private%2Ff.txt',
  '/\\private/f.txt',
  '/;/private/f.txt',
]

const ABSOLUTE = 'http://localhost/private/f.txt'

const rows: readonly Row[] = [
  { routerOptions: {}, targetSpelling: 'check', passing: [ABSOLUTE] },
  { routerOptions: {}, targetSpelling: 'exact', passing: [] },
  {
    routerOptions: { ignoreDuplicateSlashes: true },
    targetSpelling: 'check',
    passing: [ABSOLUTE, '//private/f.txt'],
  },
  { routerOptions: { ignoreDuplicateSlashes: true }, targetSpelling: 'exact', passing: [] },
  {
    routerOptions: { caseSensitive: false },
    targetSpelling: 'check',
    passing: [ABSOLUTE, '/PRIVATE/f.txt'],
  },
  { routerOptions: { caseSensitive: false }, targetSpelling: 'exact', passing: ['/PRIVATE/f.txt'] },
]

t.test('the README lists every spelling that passes a hook which compares request.url', async (t) => {
  const root = t.testdir({})
  mkdirSync(join(root, 'private'))
  writeFileSync(join(root, 'private', 'f.txt'), 'secret')
  for (const { routerOptions, targetSpelling, passing } of rows) {
    const { port } = await serve(t, {
      plugin: { root, targetSpelling },
      server: { routerOptions },
      routes: (app) => {
        app.addHook('onRequest', async (request, reply) => {
          if (request.url.startsWith('/private/')) return reply.code(401).send()
        })
        app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
        app.get<{ Params: { '*': string } }>('/private/*', (request, reply) =>
          reply.sendRange(`private/${request.params['*']}`),
        )
      },
    })
    const passed: string[] = []
    for (const target of TARGETS) {
      const client = await RawClient.connect(port)
      if ((await client.exchange('GET', target)).status === 200) passed.push(target)
      client.destroy()
    }
    t.strictSame(passed, passing, JSON.stringify({ routerOptions, targetSpelling }))
  }
})
