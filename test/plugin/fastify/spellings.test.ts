import { mkdirSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { spellingsOf } from './support/spellings.ts'

const SECRET = 'the secret'

/** Names of guarded folders: plain ones, and with each character in which routes or encoders can differ. */
const FOLDERS = [
  ...['private', 'my-files_1.0', '@team', 'a+b', 'x:y', 'a,b', 'a;b', 'k=v', 'a&b', '$home', 'all@+:,;=&$'],
  ...['(x)', '~user', "it's", 'été', 'a b', '100%', 'a#b', 'a?b', '*'],
]
/** Those that a hook which compares `request.url` can name. */
const PLAIN_FOLDERS = FOLDERS.filter((folder) => /^[\w.-]+$/.test(folder))

interface Wildcard {
  Params: { '*': string }
}

type Send = (request: FastifyRequest<Wildcard>, reply: FastifyReply) => FastifyReply

/** What handlers do with the path. */
const HANDLERS: Readonly<Record<string, Send>> = {
  'the path as it is': ({ params }, reply) => reply.sendRange(params['*']),
  'the path, joined': ({ params }, reply) => reply.sendRange(posix.join('.', params['*'])),
  'the path of the URL': ({ url }, reply) =>
    reply.sendRange(decodeURIComponent(url.replace(/[?#].*|^\w+:\/\/[^/]*/g, '').slice('/files/'.length))),
}

const no = async (_request: unknown, reply: FastifyReply): Promise<FastifyReply> => reply.code(401).send('no')

/** The text of a path as a route writes it. */
function routeText(text: string): string {
  return text.replaceAll(':', '::')
}

function rootWith(t: Test, folders: readonly string[]): string {
  const root = t.testdir({ open: { 'f.txt': 'open' } })
  for (const folder of folders) {
    mkdirSync(join(root, folder))
    writeFileSync(join(root, folder, 'secret.txt'), SECRET)
  }
  return root
}

/** Requests each target, and returns those that answered with the secret. */
async function leaks(port: number, targets: readonly string[]): Promise<string[]> {
  const found: string[] = []
  let client = await RawClient.connect(port)
  for (const target of new Set(targets)) {
    // A target that Node cannot parse ends the connection.
    const answer = await client.exchange('GET', target).catch(() => undefined)
    if (answer?.body.includes(SECRET)) found.push(target)
    if (answer !== undefined && answer.fields.get('connection') !== 'close') continue
    client.destroy()
    client = await RawClient.connect(port)
  }
  client.destroy()
  return found
}

/** Guards that Fastify itself binds to a route. */
const ROUTE_GUARDS: Readonly<Record<string, (app: FastifyInstance, prefix: string) => unknown>> = {
  'a route': (app, prefix) => app.get(`${prefix}/*`, { onRequest: no }, async () => 'never'),
  'a context': (app, prefix) =>
    app.register(
      async (scope) => {
        scope.addHook('onRequest', no)
        scope.get<Wildcard>('/*', ({ params }, reply) => reply.sendRange(params['*']))
      },
      { prefix },
    ),
  'a route for a host': (app, prefix) =>
    app.get(`${prefix}/*`, { onRequest: no, constraints: { host: 'localhost' } }, async () => 'never'),
}

const COLLAPSING = { routerOptions: { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true } }
const FOLDING = { routerOptions: { caseSensitive: false } }

/** A guard, an open handler, and the options of the router. */
const GUARDED: readonly (readonly [string, string, FastifyServerOptions])[] = [
  ['a route', 'the path as it is', {}],
  ['a route', 'the path as it is', COLLAPSING],
  ['a route', 'the path as it is', FOLDING],
  ['a route', 'the path, joined', COLLAPSING],
  ['a route', 'the path, joined', {}],
  ['a route', 'the path of the URL', {}],
  ['a context', 'the path as it is', {}],
  ['a route for a host', 'the path, joined', {}],
]

for (const [guard, handler, server] of GUARDED) {
  t.test(`no spelling avoids the guard of ${guard} (${handler} ${JSON.stringify(server)})`, async (t) => {
    // Fastify has no way to write these in a route.
    const folders = FOLDERS.filter((folder) => !/[*#?]/.test(folder))
    const { port } = await serve(t, {
      plugin: { root: rootWith(t, folders) },
      server,
      async routes(app) {
        for (const folder of folders) await ROUTE_GUARDS[guard]?.(app, `/files/${routeText(folder)}`)
        app.get<Wildcard>('/files/*', HANDLERS[handler] as Send)
      },
    })
    for (const folder of folders) {
      t.strictSame(await leaks(port, spellingsOf(`/files/${folder}/secret.txt`)), [], folder)
    }
  })
}

for (const [name, send] of Object.entries(HANDLERS)) {
  t.test(`no spelling of a plain folder avoids a hook that compares request.url (${name})`, async (t) => {
    const root = rootWith(t, PLAIN_FOLDERS)
    const { port } = await serve(t, {
      plugin: { root },
      routes(app) {
        app.addHook('onRequest', async (request, reply) => {
          if (PLAIN_FOLDERS.some((folder) => request.url.startsWith(`/files/${folder}/`)))
            await no(request, reply)
        })
        app.get<Wildcard>('/files/*', send)
      },
    })
    for (const folder of PLAIN_FOLDERS) {
      const targets = spellingsOf(`/files/${folder}/secret.txt`).filter((each) => each.startsWith('/'))
      t.strictSame(await leaks(port, targets), [], folder)
    }
  })
}

t.test("no spelling avoids a hook that compares request.url with targetSpelling: 'exact'", async (t) => {
  const root = rootWith(t, FOLDERS)
  const guarded = FOLDERS.map((folder) => spellingsOf(`/files/${folder}/`)[0] ?? '')
  const { port } = await serve(t, {
    plugin: { root, targetSpelling: 'exact' },
    routes(app) {
      app.addHook('onRequest', async (request, reply) => {
        if (guarded.some((prefix) => request.url.startsWith(prefix))) await no(request, reply)
      })
      app.get<Wildcard>('/files/*', ({ params }, reply) => reply.sendRange(params['*']))
    },
  })
  for (const folder of FOLDERS) {
    t.strictSame(await leaks(port, spellingsOf(`/files/${folder}/secret.txt`)), [], folder)
  }
})
