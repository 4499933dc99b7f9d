import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { type RangePluginOptions, rangePlugin } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { checkRoot } from '#plugin/files/root-folder.js'
import { serve } from '../support/serve.ts'

const WARN_LEVEL = 40

/** Registers, and returns the warnings of the log. */
async function register(t: Test, options: RangePluginOptions): Promise<string[]> {
  const warnings: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const { level, msg } = JSON.parse(chunk.toString()) as { level: number; msg: string }
      if (level >= WARN_LEVEL) warnings.push(msg)
      done()
    },
  })
  const app = Fastify({ logger: { level: 'warn', stream } })
  t.teardown(() => app.close())
  await app.register(rangePlugin, options)
  await app.ready()
  return warnings
}

t.test('a root that is not a folder is an error of the registration', async (t) => {
  const base = t.testdir({ file: 'text' })
  symlinkSync('file', join(base, 'link'))
  execFileSync('mkfifo', [join(base, 'fifo')])
  for (const root of [
    join(base, 'file'),
    join(base, 'link'),
    join(base, 'fifo'),
    pathToFileURL(join(base, 'file')),
    '/dev/null',
  ]) {
    const error = await register(t, { root }).then(
      () => undefined,
      (error: Error) => error,
    )
    t.match(error, { name: 'SendRangeError', code: 'ERR_RANGE_OPTION', statusCode: 500 }, String(root))
    t.notMatch(error?.message, base, 'no path of the server')
    t.match(String(error?.cause), 'is not a folder')
  }
})

t.test('a root that does not exist is a warning of the registration', async (t) => {
  const base = t.testdir({ file: 'text' })
  symlinkSync('nowhere', join(base, 'dangling'))
  for (const name of ['absent', 'absent/deeper', 'dangling', 'file/deeper']) {
    t.match(await register(t, { root: join(base, name) }), [/is not there/], name)
  }
})

t.test('a root that exists, or is not used because of a source, is not a warning', async (t) => {
  const base = t.testdir({ folder: {}, file: 'text' })
  symlinkSync('folder', join(base, 'link'))
  const source = { open: () => undefined }
  for (const options of [
    {},
    { root: join(base, 'folder') },
    { root: join(base, 'folder/') },
    { root: join(base, 'link') },
    { root: pathToFileURL(join(base, 'folder')) },
    { root: '/' },
    { root: join(base, 'absent'), source },
  ]) {
    t.strictSame(await register(t, options), [], JSON.stringify(options))
  }
})

t.test(
  'a root on a storage that does not answer is a warning, and the registration does not wait',
  async (t) => {
    const warnings: string[] = []
    const log = { warn: (_details: object, message: string) => void warnings.push(message) }
    await checkRoot('/mnt/dead', {
      log: log as unknown as FastifyBaseLogger,
      look: () => new Promise(() => {}),
      maxWait: 5,
    })
    t.match(warnings, [/cannot be checked/])
  },
)

t.test('a root that is a file is a 500, also if it is of a call or becomes one later', async (t) => {
  const base = t.testdir({ root: { 'f.txt': 'text' }, file: 'text' })
  const { app } = await serve(t, {
    plugin: { root: join(base, 'root') },
    routes: (app) => {
      app.get('/f.txt', (_request, reply) => reply.sendRange('f.txt'))
      app.get('/file', (_request, reply) => reply.sendRange('f.txt', { root: join(base, 'file') }))
      app.get('/deep', (_request, reply) => reply.sendRange('a/b/f.txt', { root: join(base, 'file') }))
      app.get('/below', (_request, reply) => reply.sendRange('f.txt/g.txt'))
    },
  })
  const assertNoFolder = async (url: string): Promise<void> => {
    const { statusCode, body } = await app.inject(url)
    t.equal(statusCode, 500, url)
    t.equal(JSON.parse(body).code, 'ERR_RANGE_OPTION', url)
    t.notMatch(body, base)
  }
  await assertNoFolder('/file')
  await assertNoFolder('/deep')
  t.equal((await app.inject('/below')).statusCode, 404, 'a path through a file is the fault of the path')
  t.equal((await app.inject('/f.txt')).body, 'text')
  renameSync(join(base, 'root'), join(base, 'away'))
  t.equal((await app.inject('/f.txt')).statusCode, 404, 'the root was moved away')
  writeFileSync(join(base, 'root'), 'text')
  await assertNoFolder('/f.txt')
  rmSync(join(base, 'root'))
  mkdirSync(join(base, 'root'))
  writeFileSync(join(base, 'root/f.txt'), 'again')
  t.equal((await app.inject('/f.txt')).body, 'again')
})
