import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'

const APPLICATIONS = 25
const ROUTES = 7
const REQUESTS = 80

/** Segments of routes: text that encoders treat differently, parameters, and two that share a segment. */
const OF_ROUTES = ['@x', 'x', 'm-x', ':a', ':b', 'a+b', 'k::v', ':a-:b', '@x']
const OF_URLS = [
  '@x',
  '%40x',
  'x',
  'm-x',
  'm%2Dx',
  '%78',
  'a+b',
  'a%2Bb',
  'k:v',
  'k%3Av',
  '',
  '%40%78',
  'y%2Dz',
]

/** Whole numbers below a limit, the same in each run. */
function* numbers(seed: number): Generator<number, never, number> {
  let limit = 1
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    limit = yield Math.floor((state / 0x8000_0000) * limit)
  }
}

const random = numbers(14)
random.next(1)
const below = (limit: number): number => random.next(limit).value
const pathOf = (segments: readonly string[], most: number): string =>
  Array.from({ length: 1 + below(most) }, () => `/${segments[below(segments.length)]}`).join('')

/** Routes that all serve one file. A field names the route. */
function addRoutes(app: FastifyInstance): string[] {
  const made = Array.from({ length: ROUTES }, () => pathOf(OF_ROUTES, 3) + (below(3) === 0 ? '/*' : ''))
  const added: string[] = []
  for (const route of new Set([...made, '/*'])) {
    // For the router, two routes that differ only in the names of parameters are the same, and it refuses the second.
    const shape = route.replace(/:[ab]/g, ':').replaceAll('::', '.')
    if (added.some((other) => other.replace(/:[ab]/g, ':').replaceAll('::', '.') === shape)) continue
    added.push(route)
    app.get(route, (_request, reply) => reply.header('x-route', route).sendRange('f.txt'))
  }
  return added
}

t.test(
  'every spelling that a random set of routes serves leads to the route of the plain spelling',
  async (t) => {
    const root = t.testdir({ 'f.txt': 'text' })
    let servedCount = 0
    for (let each = 0; each < APPLICATIONS; each++) {
      let routes: string[] = []
      const { app, port } = await serve(t, {
        plugin: { root },
        server: { routerOptions: { ignoreDuplicateSlashes: below(3) === 0 } },
        routes: (app) => {
          routes = addRoutes(app)
        },
      })
      const client = await RawClient.connect(port)
      for (let count = 0; count < REQUESTS; count++) {
        const target = pathOf(OF_URLS, 4)
        const plain = target.replace(/%(?:2b|2d|3a|40|78)/gi, decodeURIComponent).replace(/\/{2,}/g, '/')
        const answer = await client.exchange('GET', target)
        if (answer.status !== 200) continue
        servedCount++
        const route = (await client.exchange('GET', plain)).fields.get('x-route')
        if (route !== undefined)
          t.equal(answer.fields.get('x-route'), route, `${target} of ${routes.join(' ')}`)
      }
      client.destroy()
      await app.close()
    }
    t.ok(servedCount > (APPLICATIONS * REQUESTS) / 2, `${servedCount} were served`)
  },
)
