import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { describeRefusal, type Refusal } from '#plugin/rules/refusal.js'
import { RawClient } from '../support/raw-client.ts'
import { type Served, serve, until } from '../support/serve.ts'

const DEBUG_LEVEL = 20
const WARN_LEVEL = 40

/** The details of a line of the plugin. */
interface Line {
  readonly outcome: string
  readonly path: string
  readonly status: number
  readonly reason?: string
  readonly ranges?: readonly { readonly first: number; readonly last: number }[]
  readonly rangeCount?: number
}

function linesOf({ log }: Pick<Served, 'log'>, outcome: string): (Line & { level: number; msg: string })[] {
  const all = log as unknown as { level: number; msg: string; sendRange?: Line }[]
  return all.flatMap(({ level, msg, sendRange }) =>
    sendRange?.outcome === outcome ? [{ ...sendRange, level, msg }] : [],
  )
}

/** A root with a file of each kind. Its path is short, since the path of a socket must be short. */
async function rootOfEverything(t: Test): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'send-range-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'f.txt'), '0123456789')
  writeFileSync(join(root, '.env'), 'hidden')
  execFileSync('mkdir', [join(root, 'folder')])
  execFileSync('mkfifo', [join(root, 'fifo')])
  symlinkSync('/etc/hostname', join(root, 'outside'))
  symlinkSync('loop', join(root, 'loop'))
  symlinkSync('nowhere', join(root, 'dangling'))
  const socket = createServer().listen(join(root, 's'))
  await once(socket, 'listening')
  t.teardown(() => socket.close())
  return root
}

interface Row {
  readonly reason: Refusal
  /** What the handler gives to `sendRange`. */
  readonly path?: string
  /** Or the request's target. */
  readonly target?: string
}

const ROWS: readonly Row[] = [
  { reason: 'missing', path: 'absent.txt' },
  { reason: 'missing', path: 'dangling' },
  { reason: 'missing', path: 'f.txt/below' },
  { reason: 'dotfile', path: '.env' },
  { reason: 'dotfile', path: '.not-there' },
  { reason: 'dotfile-denied', target: '/denied/.env' },
  { reason: 'link-outside-root', path: 'outside' },
  { reason: 'link-loop', path: 'loop' },
  { reason: 'second-spelling', target: '/%66iles/f.txt' },
  { reason: 'second-spelling', target: '/files/%2ef.txt' },
  { reason: 'second-spelling', target: '/files/folder%2Ff.txt' },
  { reason: 'fifo', path: 'fifo' },
  { reason: 'socket', path: 's' },
  { reason: 'device', target: '/dev/null' },
  { reason: 'folder', path: 'folder' },
  { reason: 'leading-slash', path: '/f.txt' },
  { reason: 'leading-slash', path: '/etc/passwd' },
  { reason: 'trailing-slash', path: 'folder/' },
  { reason: 'empty-segment', path: 'folder//f.txt' },
  { reason: 'dot-segment', path: './f.txt' },
  { reason: 'too-long', path: 'x'.repeat(256) },
  { reason: 'too-long', path: 'x/'.repeat(3000) },
  { reason: 'outside-root', path: '../f.txt' },
  { reason: 'empty-path', path: '' },
  { reason: 'nul', path: 'f.txt\0' },
  { reason: 'backslash', path: 'folder\\f.txt' },
  { reason: 'lone-surrogate', path: 'f\ud800' },
  { reason: 'not-in-source', target: '/source/x' },
  { reason: 'root-missing', target: '/no-root/f.txt' },
]

/** Reasons that are hard to cause in a test. */
const UNTRIED: readonly Refusal[] = ['windows-name', 'replaced']

/** Routes for the rows; `given` is what `/given` serves. */
function addRoutes(app: FastifyInstance, given: () => string): void {
  const all = (prefix: string, options?: object): void => {
    app.get<{ Params: { '*': string } }>(`${prefix}/*`, ({ params }, reply) =>
      reply.sendRange(params['*'], options),
    )
  }
  all('/files')
  all('/denied', { dotfiles: 'deny' })
  all('/dev', { root: '/dev' })
  all('/source', { source: { open: () => undefined } })
  all('/no-root', { root: join(tmpdir(), 'send-range-no-root') })
  app.get('/given', (_request, reply) => reply.sendRange(given()))
}

t.test('each refused path is logged once with the reason, which the client does not get', async (t) => {
  const root = await rootOfEverything(t)
  let given = ''
  const served = await serve(t, {
    plugin: { root },
    server: { routerOptions: { ignoreDuplicateSlashes: true } },
    routes: (app) => addRoutes(app, () => given),
  })
  const log = served.log as unknown[]
  for (const { reason, path, target = '/given' } of ROWS) {
    log.length = 0
    given = path ?? ''
    const { statusCode, body, headers } = await served.app.inject(target)
    const name = `${reason}: ${JSON.stringify(path ?? target).slice(0, 40)}`
    const { status, text } = describeRefusal(reason)
    t.equal(statusCode, status, name)
    const lines = linesOf(served, 'refused')
    t.equal(lines.length, 1, name)
    const [line] = lines
    t.equal(line?.reason, reason, name)
    t.equal(line?.status, status, name)
    t.equal(line?.level, reason === 'root-missing' ? WARN_LEVEL : DEBUG_LEVEL, name)
    t.match(line?.msg, text)
    if (path !== undefined) t.ok(line?.path.startsWith(path.slice(0, 1000)), name)
    t.ok(Number(line?.path.length) < 1100, name)
    t.notMatch(body + JSON.stringify(headers), root, `${name}: no path of the server`)
    t.notOk(body.includes(text), name)
  }
  const tried = new Set<string>([...ROWS.map((row) => row.reason), ...UNTRIED])
  t.equal(tried.size, 24, 'every reason is here')
})

t.test('refusals are logged at level debug only, except a missing root', async (t) => {
  const root = await rootOfEverything(t)
  let given = ''
  const log: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log.push(chunk.toString())
      done()
    },
  })
  const { app } = await serve(t, {
    plugin: { root },
    server: { logger: { level: 'info', stream }, routerOptions: { ignoreDuplicateSlashes: true } },
    routes: (app) => addRoutes(app, () => given),
  })
  for (const { path, target = '/given' } of ROWS) {
    given = path ?? ''
    await app.inject(target)
  }
  await app.inject('/files/f.txt')
  const ours = log.filter((line) => line.includes('"sendRange"'))
  t.equal(ours.length, 1)
  t.match(ours[0], 'root-missing')
})

t.test('a served answer is logged with its path and ranges', async (t) => {
  const root = t.testdir({ folder: { 'f.bin': Buffer.alloc(100_000) } })
  const served = await serve(t, { plugin: { root } })
  const many = Array.from({ length: 150 }, (_, at) => `${at * 500}-${at * 500}`).join()
  for (const { method = 'GET', range, ranges, rangeCount } of [
    { range: undefined, ranges: [], rangeCount: 0 },
    { range: 'bytes=5-9', ranges: [{ first: 5, last: 9 }], rangeCount: 1 },
    { range: 'bytes=99999-', ranges: [{ first: 99_999, last: 99_999 }], rangeCount: 1 },
    {
      range: 'bytes=100-199, 0-0',
      ranges: [
        { first: 100, last: 199 },
        { first: 0, last: 0 },
      ],
      rangeCount: 2,
    },
    { range: 'bytes=100000-', ranges: [], rangeCount: 0 },
    { method: 'HEAD', range: 'bytes=0-0', ranges: [], rangeCount: 0 },
    { range: `bytes=${many}`, ranges: undefined, rangeCount: 150 },
  ] as const) {
    ;(served.log as unknown[]).length = 0
    await served.app.inject({ method, url: '/folder/f.bin', headers: range === undefined ? {} : { range } })
    await until(() => linesOf(served, 'served').length > 0)
    const [line] = linesOf(served, 'served')
    t.equal(line?.path, 'folder/f.bin')
    t.equal(line?.rangeCount, rangeCount, String(range))
    if (ranges === undefined) t.equal(line?.ranges?.length, 100, 'not more than a hundred')
    else t.strictSame(line?.ranges, ranges, String(range))
  }
})

t.test('an answer that was cut is logged with its path and ranges', async (t) => {
  const root = t.testdir({ 'f.bin': Buffer.alloc(20_000_000) })
  const served = await serve(t, { plugin: { root } })
  const client = await RawClient.connect(served.port)
  client.request('GET', '/f.bin', ['Range: bytes=10-'])
  await client.readHead()
  client.destroy()
  await until(() => linesOf(served, 'aborted').length > 0)
  const [line] = linesOf(served, 'aborted')
  t.equal(line?.path, 'f.bin')
  t.strictSame(line?.ranges, [{ first: 10, last: 19_999_999 }])
  t.equal(line?.status, 206)
})

t.test('a custom level below debug includes debug', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const log: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log.push(chunk.toString())
      done()
    },
  })
  const { app } = await serve(t, {
    plugin: { root },
    server: { logger: { level: 'chatty', customLevels: { chatty: 15 }, stream } as object },
  })
  await app.inject('/f.txt')
  await app.inject('/absent')
  t.ok(log.some((line) => line.includes('"outcome":"served"')))
  t.ok(log.some((line) => line.includes('"reason":"missing"')))
})

/** A logger of the application. */
function loggerWith(methods: object): FastifyBaseLogger {
  const nothing = (): void => {}
  const logger: object = {
    level: 'debug',
    silent: nothing,
    trace: nothing,
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
    fatal: nothing,
    child: () => logger,
    ...methods,
  }
  return logger as FastifyBaseLogger
}

t.test('a logger that throws does not harm an answer', async (t) => {
  const root = t.testdir({ 'f.txt': '0123456789' })
  const fail = (): never => {
    throw new Error('no space left on the disk of the log')
  }
  const source = {
    open: () => ({
      size: 1,
      etag: '"a"',
      readAt: async (target: Uint8Array) => target.fill(97).length,
      close: () => fail(),
    }),
  }
  let thrown = 0
  const counted = (): never => {
    thrown++
    return fail()
  }
  const app = Fastify({ loggerInstance: loggerWith({ debug: counted, warn: counted }) })
  t.teardown(() => app.close())
  await app.register(rangePlugin, { root })
  addRoutes(app as unknown as FastifyInstance, () => 'f.txt')
  app.get('/closing', (_request, reply) => reply.sendRange('x', { source }))
  app.get('/twice', (_request, reply) => {
    reply.sendRange('f.txt')
    reply.send('mine')
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  for (const [url, status, body] of [
    ['/files/f.txt', 200, '0123456789'],
    ['/files/absent', 404, undefined],
    ['/no-root/f.txt', 404, undefined],
    ['/closing', 200, 'a'],
    ['/twice', 200, 'mine'],
  ] as const) {
    const before = thrown
    const answer = await app.inject(url)
    t.equal(answer.statusCode, status, url)
    if (body !== undefined) t.equal(answer.body, body, url)
    await until(() => thrown > before)
  }
})

t.test('a logger below its level is not called', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  for (const level of ['info', 'silent', undefined]) {
    let calls = 0
    const app = Fastify({ loggerInstance: loggerWith({ level, debug: () => calls++ }) })
    t.teardown(() => app.close())
    await app.register(rangePlugin, { root })
    app.get('/:name', (request, reply) => reply.sendRange((request.params as { name: string }).name))
    const before = calls
    t.equal((await app.inject('/f.txt')).statusCode, 200)
    t.equal((await app.inject('/absent')).statusCode, 404)
    t.equal(calls, before, String(level))
  }
})

t.test('special characters in a path do not break the line', async (t) => {
  const root = t.testdir({})
  let given = ''
  const served = await serve(t, { plugin: { root }, routes: (app) => addRoutes(app, () => given) })
  const paths = [
    'line\nbreak',
    'a\u2028b',
    '\u001b[31mred',
    '"},{"level":60',
    '{}',
    '%s %o %j',
    '☃',
    'constructor',
  ]
  for (const [at, path] of paths.entries()) {
    ;(served.log as unknown[]).length = 0
    given = path
    await served.app.inject('/given')
    const lines = linesOf(served, 'refused')
    t.equal(lines.length, 1, `path ${at}`)
    t.ok(lines[0]?.path === path, `path ${at}: as it is`)
  }
})
