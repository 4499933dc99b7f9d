import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildServer } from 'demo-server'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { withoutPrivileges } from '../support/ordinary-user.ts'
import { REPOSITORY } from '../support/repository.ts'
import { listening, start } from './server-process.ts'

const DATA_FOLDER = `${REPOSITORY}demo-server/dist/data-folder.js`
const BIG = '/lab/big.bin'
const BIG_SIZE = 48 * 1024 * 1024

async function build(t: Test): Promise<{ app: FastifyInstance; dataDir: string }> {
  const dataDir = join(t.testdir(), 'data')
  const app = await buildServer({ dataDir })
  t.teardown(() => app.close())
  return { app, dataDir }
}

async function etagOf(app: FastifyInstance): Promise<string> {
  const answer = await app.inject({ method: 'HEAD', url: BIG })
  return String(answer.headers.etag)
}

t.test('the big file is made on first use and then kept', async (t) => {
  const { app, dataDir } = await build(t)
  const head = await app.inject({ method: 'HEAD', url: BIG })
  t.match(head, {
    statusCode: 200,
    headers: { 'content-length': String(BIG_SIZE), 'accept-ranges': 'bytes' },
  })
  t.same(await readdir(dataDir), ['big.bin'], 'and nothing else')

  const later = await buildServer({ dataDir })
  t.teardown(() => later.close())
  t.equal(await etagOf(later), head.headers.etag, 'a later server finds it')
})

t.test('the checksum is that of the bytes', async (t) => {
  const { app, dataDir } = await build(t)
  const { size, sha256 } = (await app.inject(`${BIG}/checksum`)).json()
  t.equal(size, BIG_SIZE)
  t.equal(
    sha256,
    createHash('sha256')
      .update(await readFile(join(dataDir, 'big.bin')))
      .digest('hex'),
  )
})

t.test('a replacement is another version under the same name', async (t) => {
  const { app, dataDir } = await build(t)
  const [before, etag] = [(await app.inject(`${BIG}/checksum`)).json(), await etagOf(app)]
  const after = (await app.inject({ method: 'POST', url: `${BIG}/replace` })).json()
  t.not(after.sha256, before.sha256)
  t.not(await etagOf(app), etag)
  t.same(await readdir(dataDir), ['big.bin'], 'nothing is left lying about')
  const headers = { range: 'bytes=-1', 'if-range': etag }
  t.equal(
    (await app.inject({ url: BIG, headers })).statusCode,
    200,
    'a client with the old version gets no part of it',
  )
})

t.test('many replacements at once make one new version, and every answer is of one version', async (t) => {
  const { app, dataDir } = await build(t)
  const before = (await app.inject(`${BIG}/checksum`)).json()
  const answers = Promise.all(
    Array.from({ length: 12 }, () => app.inject({ method: 'POST', url: `${BIG}/replace` })),
  )
  let most = 0
  const watch = setInterval(async () => {
    most = Math.max(most, (await readdir(dataDir)).length)
  }, 2)
  const sums = (await answers).map((answer) => answer.json().sha256)
  clearInterval(watch)
  t.equal(new Set(sums).size, 1)
  t.not(sums[0], before.sha256)
  t.ok(most <= 2, `${most} files at a time`)
  t.same(await readdir(dataDir), ['big.bin'])
  const content = await readFile(join(dataDir, 'big.bin'))
  t.equal(createHash('sha256').update(content).digest('hex'), sums[0])
})

t.test('a deleted big file is made again', async (t) => {
  const { app, dataDir } = await build(t)
  const etag = await etagOf(app)
  for (const what of [join(dataDir, 'big.bin'), dataDir]) {
    await rm(what, { recursive: true })
    // The server keeps a requested file open for up to a second.
    const answers = [await app.inject(`${BIG}/checksum`), await app.inject({ method: 'HEAD', url: BIG })]
    for (const { statusCode } of answers) t.equal(statusCode, 200)
    t.not(answers[1]?.headers.etag, etag)
    t.same(await readdir(dataDir), ['big.bin'])
  }
})

t.test('a page of another origin cannot use the controls', async (t) => {
  const { app } = await build(t)
  const etag = await etagOf(app)
  for (const url of ['/lab/cut', `${BIG}/replace`]) {
    for (const origin of ['http://evil.example', 'null', 'http://localhost:81']) {
      const answer = await app.inject({ method: 'POST', url, headers: { origin, host: 'localhost:80' } })
      t.match(answer, { statusCode: 403 }, `${url} from ${origin}`)
    }
  }
  t.equal(await etagOf(app), etag, 'nothing happened')
  const own = { origin: 'http://localhost:80', host: 'localhost:80' }
  t.equal((await app.inject({ method: 'POST', url: '/lab/cut', headers: own })).statusCode, 200)
})

t.test('cutting ends the answers of the lab and no others', async (t) => {
  const { app } = await build(t)
  const url = await app.listen({ port: 0 })
  const events = await fetch(`${url}/events`)
  const slow = await fetch(`${url}${BIG}?pace=1`)
  const cut = await fetch(`${url}/lab/cut`, { method: 'POST' })
  t.same(await cut.json(), { cut: 1 })
  await t.rejects(slow.arrayBuffer(), 'the download breaks')
  t.match(await readUntil(events, /"outcome":"aborted"/), /big\.bin/, 'the log continues')
})

t.test('a client that leaves while its file is made leaves nothing to cut', async (t) => {
  const { app } = await build(t)
  const url = await app.listen({ port: 0 })
  const asked = once(app.server, 'request')
  const gone = new AbortController()
  const answer = fetch(url + BIG, { signal: gone.signal })
  await asked
  gone.abort()
  await t.rejects(answer)
  await (await fetch(`${url}${BIG}/checksum`)).arrayBuffer()
  const cut = await fetch(`${url}/lab/cut`, { method: 'POST' })
  t.same(await cut.json(), { cut: 0 })
})

t.test('the log shows when an answer begins and when it ends', async (t) => {
  const { app } = await build(t)
  const url = await app.listen({ port: 0 })
  const events = await fetch(`${url}/events`)
  t.match(events.headers.get('content-type'), 'text/event-stream')
  await (await fetch(`${url}/2.txt`, { headers: { range: 'bytes=0-3' } })).arrayBuffer()
  const text = await readUntil(events, /"outcome":"served"/)
  const entries = Array.from(text.matchAll(/^data: (\{.*)$/gm), ([, data = '']) => JSON.parse(data))
  const known = { id: 1, method: 'GET', url: '/2.txt', range: 'bytes=0-3', status: 206, length: 4 }
  t.match(entries, [
    { ...known, contentRange: 'bytes 0-3/284', outcome: 'under way', bytesSent: 0 },
    { ...known, contentRange: 'bytes 0-3/284', outcome: 'served', bytesSent: 4 },
  ])
  const again = await readUntil(await fetch(`${url}/events`), /"outcome":"served"/)
  t.match(again, '"id":1', 'a later client gets it, too')
})

t.test('servers of one process keep their logs apart', async (t) => {
  const { app } = await build(t)
  const other = await buildServer({ dataDir: t.testdir() })
  t.teardown(() => other.close())
  const [url, elsewhere] = [await app.listen({ port: 0 }), await other.listen({ port: 0 })]
  await (await fetch(`${elsewhere}/content.txt`)).arrayBuffer()
  await (await fetch(`${url}/2.txt`)).arrayBuffer()
  t.notMatch(await readUntil(await fetch(`${url}/events`), /"outcome":"served"/), 'content.txt')
})

t.test('wrong requests are client errors', async (t) => {
  const { app } = await build(t)
  const cases = [
    { name: 'a file outside the lab', url: '/lab/2.txt' },
    { name: 'a path out of the folder', url: '/lab/..%2f..%2fpackage.json' },
    { name: 'a pace of 0', url: `${BIG}?pace=0` },
    { name: 'a pace that is not a number', url: `${BIG}?pace=x` },
  ]
  for (const { name, url } of cases) t.equal((await app.inject(url)).statusCode, 400, name)
})

t.test('a disk failure is in the log, but not in the answer', async (t) => {
  const dataDir = join(t.testdir(), 'file')
  await writeFile(dataDir, '')
  const app = await buildServer({ dataDir })
  t.teardown(() => app.close())
  const answer = await app.inject(BIG)
  t.equal(answer.statusCode, 500)
  t.equal(answer.json().code, 'ERR_DEMO_INTERNAL')
  t.notMatch(answer.body, /ENOTDIR|\//)
})

t.test('the other origin answers in three ways', async (t) => {
  const { app } = await build(t)
  const url = await app.listen({ port: 0 })
  const { otherPort } = (await (await fetch(`${url}/settings`)).json()) as { otherPort: number }
  const asked = { origin: url, range: 'bytes=0-3' }
  const preflight = {
    origin: url,
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'if-range,range',
  }
  const cases = [
    { way: 'none', origin: null, exposed: null, allowed: null },
    { way: 'origin', origin: url, exposed: null, allowed: null },
    { way: 'recipe', origin: url, exposed: /Content-Range.*ETag/, allowed: /If-Range/ },
  ]
  for (const { way, origin, exposed, allowed } of cases) {
    const file = `http://127.0.0.1:${otherPort}/${way}/2.txt`
    const answer = await fetch(file, { headers: asked })
    t.equal(answer.status, 206, way)
    t.equal(answer.headers.get('access-control-allow-origin'), origin, `${way}: origin`)
    t.match(answer.headers.get('access-control-expose-headers'), exposed, `${way}: exposed`)
    const permission = await fetch(file, { method: 'OPTIONS', headers: preflight })
    t.match(permission.headers.get('access-control-allow-headers') || null, allowed, `${way}: allowed`)
  }
})

t.test('a real process finishes its answer before it ends', async (t) => {
  const server = start(['--port', '0', '--data', t.testdir()])
  const url = await listening(server)
  const answer = await fetch(`${url}/lab/clip.mp4?pace=64`)
  server.child.kill('SIGTERM')
  const body = await answer.arrayBuffer()
  t.equal(body.byteLength, Number(answer.headers.get('content-length')))
  t.ok(body.byteLength > 30_000_000, 'more than fits into any buffer on the way')
  t.same(await server.exited, { code: 0, signal: null })
})

/** Reads Server-Sent Events until they match, then disconnects. */
async function readUntil(events: Response, pattern: RegExp): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of events.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (pattern.test(text)) break
  }
  return text
}

t.test(
  'a data folder that cannot be made is an error',
  { skip: process.platform === 'linux' ? false : 'no /proc here' },
  async (t) => {
    const app = await buildServer({ dataDir: '/proc/a/b' })
    t.teardown(() => app.close())
    t.equal((await app.inject({ method: 'HEAD', url: BIG })).statusCode, 500)
  },
)

t.test('a folder that cannot be written to is replaced by a temporary one, which is removed', async (t) => {
  const dir = t.testdir({ locked: {}, open: {}, temporary: {} })
  chmodSync(join(dir, 'locked'), 0o555)
  // A process of its own, without the privileges of root.
  const code = `const { chooseDataFolder } = await import(${JSON.stringify(DATA_FOLDER)})
    for (const usual of ${JSON.stringify(['locked', 'locked/.data', 'open', 'open/.data', 'none/.data'])}) {
      const { path, isTemporary, remove } = await chooseDataFolder(usual)
      if (isTemporary) {
        fs.mkdirSync(path)
        fs.writeFileSync(path + '/big.bin', '')
        await remove()
      }
      console.log(usual, isTemporary, path === usual, fs.readdirSync(process.env.TMPDIR).length)
    }`
  const node = [process.execPath, '--input-type=module', '-e', `import fs from 'node:fs'; ${code}`]
  const args = ['-u', 'NODE_OPTIONS', `TMPDIR=${join(dir, 'temporary')}`, ...node]
  const printed = execFileSync(...withoutPrivileges('env', args), { cwd: dir, encoding: 'utf8' })
  t.strictSame(printed.trim().split('\n'), [
    'locked true false 0',
    'locked/.data true false 0',
    'open false true 0',
    'open/.data false true 0',
    'none/.data false true 0',
  ])
})
