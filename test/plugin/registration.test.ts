import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyInstance } from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { REPOSITORY } from '../support/repository.ts'

type Plugin = typeof rangePlugin

const rejection = (message: RegExp) => ({ code: 'ERR_RANGE_OPTION', message: message as unknown as string })

/** The package as it is, at another place: what a second version in a tree of dependencies is. */
async function anotherCopy(t: Test): Promise<Plugin> {
  const folder = t.testdir({})
  const copy = join(folder, 'node_modules', 'fastify-send-range')
  mkdirSync(copy, { recursive: true })
  for (const name of ['package.json', 'dist']) {
    cpSync(join(REPOSITORY, 'plugin', name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'))
  const module = (await import(pathToFileURL(join(copy, 'dist/index.js')).href)) as { rangePlugin: Plugin }
  return module.rangePlugin
}

function serveAt(app: FastifyInstance, prefix: string): void {
  app.get<{ Params: { '*': string } }>(`${prefix}/*`, (request, reply) =>
    reply.sendRange(request.params['*']),
  )
}

t.test('a second copy of the package is refused in a context below the first', async (t) => {
  const copy = await anotherCopy(t)
  t.not(copy, rangePlugin)
  for (const [outer, inner] of [
    [rangePlugin, copy],
    [copy, rangePlugin],
  ] as const) {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(outer, { root: t.testdirName })
    await t.rejects(
      async () =>
        app.register(async (child) => {
          await child.register(inner, { root: t.testdirName, dotfiles: 'deny' })
        }),
      rejection(/^Two copies of fastify-send-range meet/),
    )
  }
})

t.test('a second copy of the package is refused in the same context', async (t) => {
  const copy = await anotherCopy(t)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin)
  await t.rejects(async () => app.register(copy), rejection(/^Two copies/))
})

t.test('two copies of the package in contexts side by side each serve their own root', async (t) => {
  const copy = await anotherCopy(t)
  const root = t.testdir({ one: { 'f.txt': 'one' }, two: { 'f.txt': 'two' } })
  const app = Fastify()
  t.teardown(() => app.close())
  for (const [name, plugin] of [
    ['one', rangePlugin],
    ['two', copy],
  ] as const) {
    await app.register(async (child) => {
      await child.register(plugin, { root: join(root, name) })
      serveAt(child, `/${name}`)
    })
  }
  t.equal((await app.inject('/one/f.txt')).body, 'one')
  t.equal((await app.inject('/two/f.txt')).body, 'two')
})

t.test('one copy can be registered in a context and again below it', async (t) => {
  const root = t.testdir({ 'f.txt': 'outer', inner: { 'f.txt': 'inner' } })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin, { root })
  serveAt(app, '/outer')
  await app.register(async (child) => {
    await child.register(rangePlugin, { root: join(root, 'inner') })
    serveAt(child, '/inner')
  })
  t.equal((await app.inject('/outer/f.txt')).body, 'outer')
  t.equal((await app.inject('/inner/f.txt')).body, 'inner')
})

t.test('a context can be registered after one below it', async (t) => {
  const root = t.testdir({ 'f.txt': 'outer', inner: { 'f.txt': 'inner' } })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(async (child) => {
    await child.register(rangePlugin, { root: join(root, 'inner') })
    serveAt(child, '/inner')
  })
  await app.register(rangePlugin, { root })
  serveAt(app, '/outer')
  t.equal((await app.inject('/outer/f.txt')).body, 'outer')
  t.equal((await app.inject('/inner/f.txt')).body, 'inner')
})

t.test('one copy is refused when it is registered twice in a context', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(rangePlugin)
  await t.rejects(async () => app.register(rangePlugin), rejection(/^Already registered in this context/))
})

t.test('a registration is refused when reply.sendRange is decorated by something else', async (t) => {
  for (const below of [false, true]) {
    const app = Fastify()
    t.teardown(() => app.close())
    app.decorateReply('sendRange', function mine() {
      return this
    })
    const register = async (): Promise<unknown> =>
      below
        ? app.register(async (child) => {
            await child.register(rangePlugin)
          })
        : app.register(rangePlugin)
    await t.rejects(register, rejection(/decorated already/))
  }
})
