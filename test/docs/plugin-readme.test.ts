import { createHash } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { EventEmitter, once } from 'node:events'
import { utimes, writeFile } from 'node:fs/promises'
import { connect } from 'node:http2'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { bufferSource, CHANNELS } from 'fastify-send-range'
import { sourceContract } from 'fastify-send-range/contract'
import t from 'tap'
import { localhostCertificate } from '../plugin/support/localhost-certificate.ts'
import { ask } from './support/ask.ts'
import { readDocument } from './support/markdown.ts'
import { missing, runCommand } from './support/programs.ts'
import { type Check, RECIPE_CHECKS } from './support/recipe-checks.ts'
import { HELLO, MODIFIED_SECONDS, recipeFiles } from './support/recipe-files.ts'
import { recipeStores } from './support/recipe-stores.ts'
import { originOf, projectFolder, runRecipe } from './support/snippet.ts'

const README = readDocument('plugin/README.md')
const FIRST_FOUR = { range: 'bytes=0-3' }

async function get(app: FastifyInstance, url: string, headers: Record<string, string> = FIRST_FOUR) {
  return await app.inject({ url, headers })
}

/** Checks what the block under each heading does. */
const RECIPES: Readonly<Record<string, Check>> = {
  ...RECIPE_CHECKS,
  Usage: async (t, app) => {
    const part = await get(app, '/files/hello.txt')
    t.equal(part.statusCode, 206)
    t.equal(part.body, 'hell')
    const head = await app.inject({ method: 'HEAD', url: '/files/hello.txt' })
    t.equal(head.statusCode, 200)
    t.equal(head.headers['content-length'], '13')
  },
  'Your own route': async (t, app) => {
    t.equal((await get(app, '/files/hello.txt')).body, 'hell')
    t.equal((await app.inject({ method: 'HEAD', url: '/files/hello.txt' })).headers['content-length'], '13')
  },
  API: async (t, app) => {
    t.equal((await get(app, '/public/hello.txt')).body, 'hell')
    const part = await get(app, '/files/hello.txt')
    t.equal(part.body, 'hell')
    t.match(part.headers['content-disposition'], /^attachment/)
    t.equal((await get(app, '/all/hello.txt')).body, 'hell')
    t.equal((await get(app, '/all/missing')).headers.etag, '"1"')
  },
  Errors: async (t, app) => {
    const beyond = await get(app, '/files/hello.txt', { range: 'bytes=13-' })
    t.equal(beyond.statusCode, 416)
    t.equal(beyond.headers['content-range'], 'bytes */13')
    t.strictSame(beyond.json(), { code: 'ERR_RANGE_NOT_SATISFIABLE' })
  },
  Events: async (t, app) => {
    const printed = t.capture(console, 'log')
    const ended = once(eventOn(CHANNELS.served), 'message')
    t.equal(await (await fetch(`${originOf(app)}/files/hello.txt`, { headers: FIRST_FOUR })).text(), 'hell')
    await ended
    t.strictSame(printed.args(), [['fastify-send-range:served hello.txt 206 1 4']])
  },
  'Coming from @fastify/static': async (t, app) => {
    const manual = await get(app, '/public/manual.txt')
    t.equal(manual.body, 'a ma')
    t.equal(manual.headers['cache-control'], 'public, max-age=86400')
    t.equal((await get(app, '/public/hello.txt')).body, 'hell', 'the second root')
    t.equal((await get(app, '/public/')).body, '<p>h')
    t.equal((await get(app, '/public')).headers.location, './public/')
    t.equal((await get(app, '/public/index')).body, '<p>h')
    t.equal((await get(app, '/public/assets/app.3f9a.js')).headers['x-robots-tag'], 'noindex')
    t.equal((await get(app, '/public/nothing')).statusCode, 404)
  },
  'Coming from res.sendFile and res.download': async (t, app) => {
    const printed = t.capture(console, 'log')
    const sent = await get(app, '/send/hello.txt')
    t.equal(sent.body, 'hell')
    t.equal(sent.headers['cache-control'], 'max-age=86400, immutable')
    const missing = await get(app, '/send/nothing.txt')
    t.equal(missing.statusCode, 404)
    t.equal(missing.body, 'no such file')
    await setImmediate()
    t.equal(printed.args().filter(([line]) => line === 'served').length, 2)
    const download = await get(app, '/download/2026.pdf')
    t.equal(download.headers['content-disposition'], 'attachment; filename=Report.pdf')
  },
  'Private files': async (t, app) => {
    t.equal((await get(app, '/private/hello.txt')).statusCode, 401)
    t.equal((await get(app, '/private/nothing.txt')).statusCode, 401, 'before it is looked for')
    const answer = await get(app, '/private/hello.txt', { ...FIRST_FOUR, authorization: 'Bearer secret' })
    t.equal(answer.statusCode, 206)
    t.equal(answer.headers['cache-control'], 'private, no-cache')
    for (const url of ['//private/hello.txt', '/%2e/private/hello.txt', '/private%2fhello.txt']) {
      t.equal((await ask(originOf(app), { url })).status, 404, url)
    }
  },
  'Downloads that are proven': async (t, app) => {
    const { headers } = await app.inject({ method: 'HEAD', url: '/releases/hello.txt' })
    const digest = createHash('sha256').update(HELLO).digest('base64')
    t.equal(headers['repr-digest'], `sha-256=:${digest}:`)
  },
  'Downloads with names': async (t, app) => {
    const answer = await get(app, '/reports/2026')
    t.equal(answer.statusCode, 206)
    t.match(
      answer.headers['content-disposition'],
      /^attachment; .*filename\*=UTF-8''%C3%9Cberblick%202026\.pdf/,
    )
    t.equal((await ask(originOf(app), { url: '/reports/..%2f2026' })).status, 404)
  },
  Video: async (t, app) => {
    const answer = await get(app, '/video/film.mp4', { range: 'bytes=0-' })
    t.equal(answer.statusCode, 206)
    t.equal(answer.headers['content-type'], 'video/mp4')
    t.equal(answer.headers['cache-control'], 'public, max-age=3600')
    for (const [name, type] of [
      ['segment.m4s', 'video/iso.segment'],
      ['list.m3u8', 'application/vnd.apple.mpegurl'],
      ['manifest.mpd', 'application/dash+xml'],
    ] as const) {
      t.equal((await get(app, `/video/${name}`)).headers['content-type'], type)
    }
  },
  'Another origin: PDF.js, PMTiles, DuckDB': async (t, app) => {
    const origin = 'https://viewer.example'
    const answer = await get(app, '/files/hello.txt', { ...FIRST_FOUR, origin })
    t.equal(answer.statusCode, 206)
    t.equal(answer.headers['access-control-allow-origin'], origin)
    const exposed = listOf(answer.headers['access-control-expose-headers'])
    for (const name of ['accept-ranges', 'content-range', 'etag', 'last-modified', 'content-disposition']) {
      t.ok(exposed.includes(name), `${name} can be read`)
    }
    const preflight = await app.inject({
      method: 'OPTIONS',
      url: '/files/hello.txt',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'range,if-range',
      },
    })
    t.equal(preflight.statusCode, 204)
    const allowed = listOf(preflight.headers['access-control-allow-headers'])
    for (const name of ['range', 'if-range', 'if-match', 'if-none-match']) t.ok(allowed.includes(name), name)
  },
  'Caching by path': async (t, app) => {
    const asset = await get(app, '/app/assets/app.3f9a.js')
    t.equal(asset.statusCode, 206)
    t.equal(asset.headers['cache-control'], 'public, max-age=31536000, immutable')
    t.equal((await get(app, '/app/hello.txt')).headers['cache-control'], 'no-cache')
  },
  'Something else in place of a 404': async (t, app) => {
    const printed = t.capture(console, 'log')
    const page = await get(app, '/app/accounts/7', {})
    t.equal(page.statusCode, 200)
    t.equal(page.body, '<p>home</p>')
    t.equal(page.headers['cache-control'], 'no-cache')
    t.equal((await get(app, '/app/hello.txt')).body, 'hell')
    await setImmediate()
    // The recipe of the channels has subscribers, which print too.
    const lines = printed
      .args()
      .flat()
      .filter((line) => !String(line).startsWith('fastify-send-range'))
    t.strictSame(lines, ['index.html served 11', 'hello.txt served 4'])
  },
  'Several roots': async (t, app) => {
    t.equal((await get(app, '/manuals/manual.txt')).body, 'a ma')
    t.equal((await get(app, '/manuals/hello.txt')).statusCode, 404)
    const picture = await get(app, '/pictures/picture.png')
    t.equal(picture.body, 'a pi')
    t.equal(picture.headers['cache-control'], 'public, max-age=86400')
  },
  'An encoded slash in a parameter': async (t, app) => {
    t.equal((await get(app, '/by-key/folder%2Fnested.txt')).body, 'nest')
    t.equal((await get(app, '/by-key/..%2Fhello.txt')).statusCode, 403)
  },
  'Bytes in memory': async (t, app) => {
    const answer = await get(app, '/hello')
    t.equal(answer.statusCode, 206)
    t.equal(answer.body, 'hell')
    t.equal(answer.headers['content-type'], 'text/plain')
  },
  'Your own source': async (t, app) => {
    for (const [range, bytes] of [
      ['bytes=0-3', 'hell'],
      ['bytes=3-11', 'lo, range'],
      ['bytes=-1', 's'],
      ['bytes=0-', HELLO],
    ] as const) {
      const answer = await get(app, '/rows/hello.txt', { range })
      t.equal(answer.statusCode, 206, range)
      t.equal(answer.body, bytes)
      t.equal(answer.headers.etag, '"7"')
    }
    t.equal((await get(app, '/rows/hello.txt', { range: 'bytes=0-1,-2' })).body, HELLO)
    t.equal((await get(app, '/rows/nothing')).statusCode, 404)
  },
  'Files, then a bucket': async (t, app) => {
    const ofFile = await get(app, '/all/hello.txt')
    t.equal(ofFile.statusCode, 206)
    t.equal(ofFile.body, 'hell')
    t.equal((await get(app, '/all/report.txt')).body, 'of t')
    t.equal((await get(app, '/all/nothing.txt')).statusCode, 404)
  },
  'Files in S3, R2, MinIO, …': async (t, app) => {
    const headers = { ...FIRST_FOUR, authorization: 'Bearer secret' }
    t.equal((await get(app, '/films/hello.txt')).statusCode, 401)
    const answer = await get(app, '/films/hello.txt', headers)
    t.equal(answer.statusCode, 206)
    t.equal(answer.body, 'hell')
    t.equal(answer.headers['cache-control'], 'private, no-cache')
    t.equal((await get(app, '/films/nothing.txt', headers)).statusCode, 404)
  },
  'With the client of an SDK': async (t, app) => {
    const answer = await get(app, '/sdk/hello.txt')
    t.equal(answer.statusCode, 206)
    t.equal(answer.body, 'hell')
    t.equal((await get(app, '/sdk/nothing.txt')).statusCode, 404)
  },
  'Another server as a store': async (t, app) => {
    t.equal((await get(app, '/mirror/hello.txt')).body, 'hell')
    t.equal((await get(app, '/mirror/nothing.txt')).statusCode, 404)
  },
  'Precompressed files': async (t, app) => {
    for (const [accepted, body, coding] of [
      ['gzip, br', 'in br', 'br'],
      ['gzip, br;q=0.5', 'in gzip', 'gzip'],
      ['zstd', 'a bundle', undefined],
    ] as const) {
      const answer = await get(app, '/bundles/bundle.js', { 'accept-encoding': accepted })
      t.equal(answer.body, body)
      t.equal(answer.headers['content-encoding'], coding)
      t.equal(answer.headers['content-type'], 'text/javascript; charset=utf-8')
      t.equal(answer.headers['vary'], 'Accept-Encoding')
    }
    const part = await get(app, '/bundles/bundle.js', { ...FIRST_FOUR, 'accept-encoding': 'gzip' })
    t.equal(part.statusCode, 206)
    t.equal(part.body, 'in g')
  },
  'With @fastify/compress': async (t, app) => {
    const encoding = { 'accept-encoding': 'gzip' }
    const part = await get(app, '/files/story.txt', { ...FIRST_FOUR, ...encoding })
    t.equal(part.statusCode, 206)
    t.equal(part.headers['content-encoding'], undefined)
    t.match(part.headers.etag, /^"/)
    for (const name of ['story.txt', 'disk.iso', 'setup.exe', 'data.bin', 'model.safetensors']) {
      const whole = await get(app, `/files/${name}`, encoding)
      t.equal(whole.headers['content-encoding'], 'gzip', name)
      t.match(whole.headers.etag, /^W\/"/)
      t.equal(whole.headers['accept-ranges'], undefined)
      if (name !== 'story.txt') t.equal(whole.headers['content-type'], 'application/octet-stream')
      const download = await get(app, `/downloads/${name}`, encoding)
      t.equal(download.headers['content-encoding'], undefined, `${name} as a download`)
      t.match(download.headers.etag, /^"/)
      t.equal(download.headers['accept-ranges'], 'bytes')
    }
  },
  'HTTP/2': async (t, app) => {
    const session = connect(originOf(app).replace('http:', 'https:'), { ca: localhostCertificate.cert })
    t.teardown(() => session.close())
    const stream = session.request({ ':path': '/files/hello.txt', ...FIRST_FOUR })
    const [fields] = await new Promise<[Record<string, unknown>]>((resolve) =>
      stream.once('response', (head) => resolve([head])),
    )
    t.equal(fields[':status'], 206)
    t.equal(fields['content-range'], 'bytes 0-3/13')
    stream.setEncoding('utf8')
    let body = ''
    for await (const chunk of stream) body += chunk
    t.equal(body, 'hell')
  },
  // test/docs/hand-over.test.ts has the servers in front.
  'nginx or Apache sends the bytes': async (t, app) => {
    t.equal((await get(app, '/files/hello.txt')).statusCode, 401)
    const { statusCode, headers, body } = await get(app, '/files/hello.txt', {
      authorization: 'Bearer secret',
    })
    t.equal(statusCode, 200)
    t.equal(headers['x-accel-redirect'], '/__files/hello.txt')
    t.equal(body, '')
  },
}

/** Emits the messages of a channel, after the subscribers that came before. */
function eventOn(name: string): EventEmitter {
  const emitter = new EventEmitter()
  const listener = (message: unknown): void => {
    unsubscribe(name, listener)
    emitter.emit('message', message)
  }
  subscribe(name, listener)
  return emitter
}

function listOf(field: unknown): string[] {
  return String(field)
    .toLowerCase()
    .split(/\s*,\s*/)
}

const recipes = README.blocks.filter(({ language }) => language === 'js')

t.test('every block of the README is run here: its language is known', async (t) => {
  // test/packages/use.test.ts compiles those of TypeScript, and jest.test.ts there runs the recipe of Jest.
  const known = ['js', 'ts', 'sh', 'http', 'nginx', 'apache', 'javascript', 'json']
  for (const { language, heading } of README.blocks) t.ok(known.includes(language), `${language}: ${heading}`)
  t.strictSame(recipes.map(({ heading }) => heading).sort(), Object.keys(RECIPES).sort())
})

for (const { heading, text } of recipes) {
  t.test(`the code under "${heading}" does what the text says`, async (t) => {
    const app = await runRecipe(t, text, { ...(await recipeFiles(t)), ...(await recipeStores(t)) })
    await RECIPES[heading]?.(t, app)
  })
}

t.test('the test of a source under "Your own source" passes in the test runner of Node', async (t) => {
  const block = README.blocks.find(
    ({ heading, language }) => heading === 'Your own source' && language === 'javascript',
  )
  const folder = await projectFolder(t)
  const source = `import { bufferSource } from 'fastify-send-range'
    export const store = new Map()
    const open = (path, context) => store.has(path) ? bufferSource(store.get(path)).open(path, context) : undefined
    export const source = { open }`
  await writeFile(join(folder, 'my-source.js'), source)
  await writeFile(join(folder, 'contract.test.js'), block?.text ?? '')
  // The variables of this test runner are not for the other one.
  const env = { PATH: process.env['PATH'] ?? '' }
  const { stdout } = await runCommand(`${process.execPath} --test --test-reporter=tap contract.test.js`, {
    cwd: folder,
    env,
  })
  const cases = sourceContract({
    source: () => bufferSource(Buffer.from(HELLO)),
    path: 'a',
    content: Buffer.alloc(1000),
  })
  t.match(stdout, new RegExp(`^# pass ${cases.length}$`, 'm'))
  t.match(stdout, /^# fail 0$/m)
})

t.test(
  'the curl line of "Usage" prints the shown answer',
  { skip: await missing('curl', '--version') },
  async (t) => {
    const usage = README.blocks.filter(({ heading }) => heading === 'Usage')
    const code = usage.find(({ language }) => language === 'js')?.text ?? ''
    const [prepare = '', command = ''] = usage
      .filter(({ language }) => language === 'sh')
      .map(({ text }) => text)
    const shown = usage.find(({ language }) => language === 'http')?.text ?? ''
    const folder = await projectFolder(t)
    await runCommand(prepare, { cwd: folder })
    await utimes(join(folder, 'files/hello.txt'), MODIFIED_SECONDS, MODIFIED_SECONDS)
    const app = await runRecipe(t, code, { "'files'": `'${join(folder, 'files')}'` })
    const { stdout } = await runCommand(command.replace('http://localhost:3000', originOf(app)), { cwd: '.' })
    const [head = '', body] = stdout.split('\r\n\r\n')
    const [shownHead = '', shownBody] = shown.split('\n\n')
    t.equal(body, shownBody)
    const lines = head.split('\r\n').map(comparable)
    for (const line of shownHead.split('\n')) t.ok(lines.includes(comparable(line)), line)
  },
)

/** Field names can have any case, and a tag differs between machines. */
function comparable(line: string): string {
  return line.replace(/^[\w-]+:/, (name) => name.toLowerCase()).replace(/^etag: "[\w-]{22}"/, 'etag: "…"')
}
