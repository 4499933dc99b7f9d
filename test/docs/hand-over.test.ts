import { existsSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { startApache, without } from '../client/support/installed-servers.ts'
import { type Answer, ask, type Question, type Where } from './support/ask.ts'
import { readDocument } from './support/markdown.ts'
import { startNginx } from './support/nginx.ts'
import { originOf, projectFolder, runRecipe } from './support/snippet.ts'

const HEADING = 'nginx or Apache sends the bytes'
const blocks = readDocument('plugin/README.md').blocks.filter(({ heading }) => heading === HEADING)
const blockOf = (wanted: string): string => blocks.find(({ language }) => language === wanted)?.text ?? ''

const MODULES = '/usr/lib/apache2/modules'
const SECONDS = 1_000_000_000
const NAMES: readonly string[] = [
  'plain.txt',
  'a b.txt',
  ' leading.txt',
  'trailing ',
  'a%b.txt',
  'a%20b.txt',
  'a?b.txt',
  'a#b.txt',
  'a+b.txt',
  'a;b&c=d,e:f@g.txt',
  'é.txt',
  'e\u0301.txt',
  '😀.txt',
  "it's.txt",
  'say "hi".txt',
  'a\nb.txt',
  'a\x7fb.txt',
  '[<{`|^~!*()}>].txt',
  'folder/a b.txt',
  '%2e%2e/plain.txt',
]
const contentOf = (name: string): string => `content of ${encodeURIComponent(name)}`
const urlOf = (name: string): string => `/files/${name.split('/').map(encodeURIComponent).join('/')}`
const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

interface Site {
  readonly front: Where
  readonly root: string
  /** The names that the plugin has sent to the server in front. */
  readonly named: readonly unknown[]
  get(question: Question): Promise<Answer>
}

type Start = (t: Test, folder: string, app: FastifyInstance) => Promise<Where>

function filled(language: string, folder: string, app: FastifyInstance): string {
  return blockOf(language)
    .replaceAll('/srv/files', join(folder, 'files'))
    .replaceAll('http://127.0.0.1:3000', originOf(app).replace('localhost', '127.0.0.1'))
}

const FRONTS: readonly {
  readonly name: string
  readonly option: string
  readonly skip: string | false
  readonly start: Start
}[] = [
  {
    name: 'nginx',
    option: '',
    skip: without('nginx'),
    start: (t, folder, app) => startNginx(t, `gzip on; ${filled('nginx', folder, app)}`),
  },
  {
    name: 'Apache',
    option: "{ header: 'X-Sendfile' }",
    skip:
      without('apache2') ||
      (existsSync(join(MODULES, 'mod_xsendfile.so')) || process.env['CI'] !== undefined
        ? false
        : 'mod_xsendfile is not installed'),
    start: (t, folder, app) => {
      const modules = ['proxy', 'proxy_http', 'xsendfile']
      const lines = modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`)
      return startApache(t, folder, `${lines.join('\n')}\n${filled('apache', folder, app)}`)
    },
  },
]

async function serve(t: Test, { option, start }: (typeof FRONTS)[number]): Promise<Site> {
  const folder = await projectFolder(t)
  const root = join(folder, 'files')
  for (const name of NAMES) {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contentOf(name))
    utimesSync(path, SECONDS, SECONDS)
  }
  symlinkSync('plain.txt', join(root, 'link.txt'))
  symlinkSync('/etc/passwd', join(root, 'outside.txt'))
  writeFileSync(join(root, '.env'), 'secret')
  const shown = "{ header: 'X-Accel-Redirect', prefix: '/__files/' }"
  const code = blockOf('js').replace(shown, option || shown)
  const named: unknown[] = []
  const app = await runRecipe(
    t,
    code.replace(
      '\nfastify.get(',
      `\nfastify.addHook('onSend', async (request, reply) => {
        reply.header('content-language', 'de')
        fastify.server.emit('named', reply.getHeader('x-accel-redirect') ?? reply.getHeader('x-sendfile'))
      })\nfastify.get(`,
    ),
    { '/srv/files': root },
  )
  app.server.on('named', (value) => named.push(value))
  const front = await start(t, folder, app)
  const get = ({ headers, ...question }: Question): Promise<Answer> =>
    ask(front, { ...question, headers: { authorization: 'Bearer secret', ...headers } })
  return { front, root, named, get }
}

const PLAIN = { url: '/files/plain.txt' }
const WHOLE = contentOf('plain.txt')

for (const front of FRONTS) {
  const { name: server, skip } = front
  t.test(`${server} sends files of every name, after the checks of the plugin`, { skip }, async (t) => {
    const { get, named, root } = await serve(t, front)
    for (const name of NAMES) {
      const { status, body } = await get({ url: urlOf(name) })
      t.equal(status, 200, encodeURIComponent(name))
      t.equal(body, contentOf(name))
    }
    const sent = named.filter((value) => value !== undefined)
    t.equal(
      sent.length,
      server === 'nginx' ? NAMES.length : NAMES.length - 6,
      'the others are sent by the plugin',
    )
    t.ok(sent.includes(server === 'nginx' ? '/__files/%C3%A9.txt' : latin1(join(root, 'é.txt'))))
    t.equal((await get({ url: '/files/link.txt' })).body, WHOLE)
  })

  t.test(`${server} keeps the fields of the plugin and of hooks`, { skip }, async (t) => {
    const { get } = await serve(t, front)
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, body } = await get({ ...PLAIN, method })
      t.equal(status, 200)
      t.equal(body, method === 'GET' ? WHOLE : '')
      t.match(headers, {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'private, no-cache',
        'content-length': String(WHOLE.length),
        'content-language': 'de',
        'last-modified': 'Sun, 09 Sep 2001 01:46:40 GMT',
        etag: /^"[^"]{3,}"$/,
      })
      for (const name of ['x-accel-redirect', 'x-sendfile']) t.equal(headers[name], undefined)
    }
  })

  t.test(`${server} evaluates conditions and ranges`, { skip }, async (t) => {
    const { get, root } = await serve(t, front)
    const tag = String((await get(PLAIN)).headers.etag)
    const range = { range: 'bytes=0-6' }
    const part = await get({ ...PLAIN, headers: range })
    t.match(part, { status: 206, body: 'content', headers: { 'content-range': `bytes 0-6/${WHOLE.length}` } })
    const several = await get({ ...PLAIN, headers: { range: 'bytes=0-0,-1' } })
    t.equal(several.status, 206)
    t.match(several.headers['content-type'], /^multipart\/byteranges/)
    for (const [headers, status] of [
      [{ range: 'bytes=999-' }, 416],
      [{ 'if-none-match': tag }, 304],
      [{ 'if-modified-since': 'Sun, 09 Sep 2001 01:46:40 GMT' }, 304],
      [{ 'if-match': '"other"' }, 412],
      [{ 'if-match': tag }, 200],
      [{ ...range, 'if-range': tag }, 206],
      [{ ...range, 'if-range': '"other"' }, 200],
    ] as const)
      t.equal((await get({ ...PLAIN, headers })).status, status, JSON.stringify(headers))
    const next = 'another version, with another length'
    writeFileSync(join(root, 'new.txt'), next)
    utimesSync(join(root, 'new.txt'), SECONDS + 60, SECONDS + 60)
    renameSync(join(root, 'new.txt'), join(root, 'plain.txt'))
    const later = await get({ ...PLAIN, headers: { ...range, 'if-range': tag } })
    t.match(later, { status: 200, body: next }, 'a new version has another tag')
    t.not(later.headers.etag, tag)
  })

  t.test(`${server} gets no file for what the plugin refuses`, { skip }, async (t) => {
    const { front: where, get, named } = await serve(t, front)
    t.match(await ask(where, PLAIN), { status: 401, body: 'log in' })
    for (const url of [
      '/files/absent',
      '/files/outside.txt',
      '/files/.env',
      '/files/folder',
      '/__files/plain.txt',
    ])
      t.equal((await get({ url })).status, 404, url)
    t.notOk(named.some((value) => value !== undefined))
    const headers = {
      'x-accel-redirect': '/etc/passwd',
      'x-sendfile': '/etc/passwd',
      'x-sendfile-type': 'X-Sendfile',
    }
    t.equal((await get({ ...PLAIN, headers })).body, WHOLE, 'fields of the client have no effect')
  })
}
