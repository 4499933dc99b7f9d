// The recipe "Tests with Jest" of the plugin's README, run by the real Jest.
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readDocument } from '../docs/support/markdown.ts'
import { jestProject, withoutOverrides, withoutRegistry } from './support/jest-project.ts'
import { installed, manifestOf, run } from './support/package-user.ts'

const blocks = readDocument('plugin/README.md').blocks.filter(({ heading }) => heading === 'Tests with Jest')
const textsIn = (wanted: string): string[] =>
  blocks.filter(({ language }) => language === wanted).map(({ text }) => text)
const [manifest = '', jestConfig = ''] = textsIn('json')
const [app = '', appTest = ''] = textsIn('javascript')

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const canRequireModules = major > 24 || (major === 24 && minor >= 9)

/** What the text says beside its code. */
const CLAIMS = `
import { afterEach, expect, jest, test } from '@jest/globals'
import { buildApp } from './app.js'

afterEach(() => jest.useRealTimers())

test('an answer that was not read to its end does not hold up the end', async () => {
  const app = await buildApp()
  app.get('/endless', (request, reply) => reply.sendRange('x', { source: endless }))
  const answer = await fetch((await app.listen({ port: 0 })) + '/endless')
  expect(answer.status).toBe(200)
  await app.close()
})

const endless = {
  open: () => ({ size: 1e12, readAt: async (target) => target.length, close() {} }),
}

test('while the clock is before the file was written, there is no Last-Modified', async () => {
  const app = await buildApp()
  const dateNow = async () => (await app.inject('/files/hello.txt')).headers['last-modified']
  const doNotFake = ['nextTick', 'setImmediate', 'queueMicrotask']
  jest.useFakeTimers({ doNotFake, now: new Date('2000-01-01') })
  expect(await dateNow()).toBeUndefined()
  jest.setSystemTime(new Date('2100-01-01'))
  expect(await dateNow()).toBeDefined()
})
`

/** A file of tests with a subscriber, and one answer. */
const SUBSCRIBER = `
import { appendFileSync } from 'node:fs'
import { subscribe } from 'node:diagnostics_channel'
import { test } from '@jest/globals'
import { CHANNELS } from 'fastify-send-range'
import { buildApp } from './app.js'

test('an answer', async () => {
  subscribe(CHANNELS.served, () => appendFileSync('events.txt', 'an event\\n'))
  await (await buildApp()).inject('/files/hello.txt')
})
`

t.test('the transform names each package that is an ES module', async (t) => {
  const names = ['fastify-send-range', 'cookie', ...Object.keys(manifestOf('plugin').dependencies ?? {})]
  const isModule = (folder: string): boolean =>
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type === 'module'
  const modules = names.filter((name) => isModule(installed('plugin', name)))
  const [pattern = ''] = JSON.parse(jestConfig).transformIgnorePatterns
  t.equal(pattern, `/node_modules/(?!(${modules.sort().join('|')})/)`)
})

t.test('the recipe, run by Jest', { skip: await withoutRegistry() }, async (t) => {
  const folder = await jestProject(t, JSON.parse(manifest))
  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  }

  t.test('it passes as it stands, and so do tests of what it says', async (t) => {
    await write({ 'app.js': app, 'app.test.js': appTest, 'claims.test.js': CLAIMS })
    await write({ 'a.test.js': SUBSCRIBER, 'b.test.js': SUBSCRIBER })
    const { success, numPassedTests } = JSON.parse(
      await run(folder, 'npm', '--silent', 'test', '--', '--json', '--runInBand'),
    )
    t.ok(success)
    t.equal(numPassedTests, 3 + 2 + 2)
    const events = readFileSync(join(folder, 'events.txt'), 'utf8').trim().split('\n')
    t.equal(events.length, 3, 'one of the two subscribers has seen both answers')
  })

  t.test('without the overrides, only inject fails, and only before Node 24.9', async (t) => {
    await withoutOverrides(folder)
    const failure = await run(folder, 'npm', '--silent', 'test', '--', 'app.test').then(
      () => undefined,
      String,
    )
    if (canRequireModules) return t.equal(failure, undefined)
    t.match(failure, /Must use import to load ES Module: .*[/]cookie[/]/)
    t.match(failure, /^ +✓ a range over a connection/m)
    return t.match(failure, /^Tests: +2 failed, 1 passed/m)
  })

  t.test('a transform to CommonJS needs neither the flag nor the overrides', async () => {
    await write({
      'jest.config.json': jestConfig,
      'babel.config.json': '{ "plugins": ["@babel/plugin-transform-modules-commonjs"] }',
      'package.json': '{}',
    })
    await run(folder, 'npx', '--offline', 'jest', 'app.test')
  })
})
