import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readDocument } from '../docs/support/markdown.ts'
import { REPOSITORY } from '../support/repository.ts'
import { manifestOf, run, strangersProject } from './support/package-user.ts'

const { folder, remove } = await strangersProject()
t.teardown(remove)

const TSC = join(REPOSITORY, 'node_modules/typescript/bin/tsc')

/** Serves a file, downloads it in ranges of four bytes, and prints the result. */
const walk = (load: string): string => `
${load}
const run = async () => {
  const fastify = Fastify()
  await fastify.register(rangePlugin, { root: ${JSON.stringify(join(folder, 'served'))} })
  fastify.get('/*', (request, reply) => reply.sendRange(request.params['*']))
  const origin = await fastify.listen({ port: 0, host: '127.0.0.1' })
  const { size, etag } = await download(origin + '/hello.txt', process.argv[2], { segmentSize: 4, proxy: undefined })
    .finished
  console.log(size, /^"/.test(etag))
  await fastify.close()
}
run()
`

t.before(async () => {
  await mkdir(join(folder, 'served'))
  await writeFile(join(folder, 'served/hello.txt'), 'hello, ranges')
})

const IMPORTS = `
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import { download } from 'range-get'
`

for (const { name, file, load } of [
  { name: 'an ES module, named exports', file: 'named.mjs', load: IMPORTS },
  {
    name: 'an ES module, default export',
    file: 'default.mjs',
    load: IMPORTS.replace('{ rangePlugin }', 'rangePlugin'),
  },
  {
    name: 'require(), named exports',
    file: 'named.cjs',
    load: `const Fastify = require('fastify')
const { rangePlugin } = require('fastify-send-range')
const { download } = require('range-get')`,
  },
  {
    name: 'require(), the module itself',
    file: 'module.cjs',
    load: `const Fastify = require('fastify')
const rangePlugin = require('fastify-send-range')
const { download } = require('range-get')`,
  },
]) {
  t.test(name, async (t) => {
    await writeFile(join(folder, file), walk(load))
    t.match(await run(folder, process.execPath, file, `${file}.txt`), /^13 true$/m)
    t.equal(readFileSync(join(folder, `${file}.txt`), 'utf8'), 'hello, ranges')
  })
}

const TYPED = `
import Fastify from 'fastify'
import rangePlugin, { CHANNELS, type RangeSource, SendRangeError } from 'fastify-send-range'
import { type DownloadErrorCode, DownloadError, type DownloadResult, download } from 'range-get'

const source: RangeSource = {
  open: () => ({ size: 1, readAt: async (target) => target.fill(0, 0, 1).length, close: () => undefined }),
}
const fastify = Fastify()
await fastify.register(rangePlugin, { root: '.', dotfiles: 'deny' })
// @ts-expect-error the set is closed
await fastify.register(rangePlugin, { dotfiles: 'maybe' })
fastify.get<{ Params: { '*': string } }>('/*', (request, reply) =>
  reply.sendRange(request.params['*'], { source, download: 'a.txt' }),
)
// @ts-expect-error there is no such option
fastify.get('/x', (_request, reply) => reply.sendRange('x', { maxOpenFiles: 1 }))
export const served: string = CHANNELS.served
export const code = (error: unknown): DownloadErrorCode | string =>
  error instanceof DownloadError ? error.code : error instanceof SendRangeError ? error.code : ''
export const result: Promise<DownloadResult> = download('http://localhost/', 'x').finished
// @ts-expect-error the set is closed
download('http://localhost/', 'x', { resume: 'maybe' })
`
const TYPED_REQUIRE = `
import Fastify = require('fastify')
import sendRange = require('fastify-send-range')
import rangeGet = require('range-get')

const fastify = Fastify.fastify()
fastify.register(sendRange.rangePlugin, { root: '.' })
fastify.get('/x', (_request, reply) => reply.sendRange('x'))
export const result: Promise<rangeGet.DownloadResult> = rangeGet.download('http://localhost/', 'x').finished
`

/** The first block of code of each README, as it stands. */
const USAGES = [
  { file: 'root.mts', document: 'README.md', heading: 'Use it' },
  { file: 'chinese.mts', document: 'README.zh-CN.md', heading: '使用' },
  { file: 'plugin.mts', document: 'plugin/README.md', heading: 'Usage' },
  { file: 'client.mts', document: 'demo-client/README.md', heading: 'Library' },
] as const

const firstBlock = ({ document, heading }: { document: string; heading: string }): string =>
  readDocument(document).blocks.find((block) => block.heading === heading && block.language === 'js')?.text ??
  ''

/** The block of the README for routes of one's own, with the route of its block in TypeScript. */
function ownRoute(): string {
  const blocks = readDocument('plugin/README.md').blocks.filter(({ heading }) => heading === 'Your own route')
  const textIn = (wanted: string): string => blocks.find(({ language }) => language === wanted)?.text ?? ''
  const instance = "import Fastify from 'fastify'\nconst fastify = Fastify()\n"
  return `${instance}${textIn('js').replace(/^fastify\.get\(.*$/m, '')}\n${textIn('ts')}`
}

const USAGE_FILES = ['own-route.mts', ...USAGES.map(({ file }) => file)]

for (const { name, options, files } of [
  { name: 'node20', options: { module: 'node20' }, files: ['typed.mts', ...USAGE_FILES, 'typed.cts'] },
  { name: 'nodenext', options: { module: 'nodenext' }, files: ['typed.mts', ...USAGE_FILES, 'typed.cts'] },
  {
    name: 'bundler',
    options: { module: 'esnext', moduleResolution: 'bundler' },
    files: ['typed.mts', ...USAGE_FILES],
  },
]) {
  t.test(`TypeScript finds the types (resolution ${name})`, async (t) => {
    const project = `tsconfig.${name}.json`
    const compilerOptions = { target: 'es2023', strict: true, noEmit: true, types: ['node'], ...options }
    await writeFile(join(folder, 'typed.mts'), TYPED)
    await writeFile(join(folder, 'typed.cts'), TYPED_REQUIRE)
    t.match(ownRoute(), 'fastify.get<WildcardRoute>')
    await writeFile(join(folder, 'own-route.mts'), ownRoute())
    for (const usage of USAGES) {
      t.match(firstBlock(usage), 'import ', usage.document)
      await writeFile(join(folder, usage.file), firstBlock(usage))
    }
    await writeFile(join(folder, project), JSON.stringify({ compilerOptions, files }))
    t.equal(await run(folder, process.execPath, TSC, '-p', project), '')
  })
}

t.test('npx range-get prints its version and its help', async (t) => {
  const { version } = manifestOf('demo-client')
  t.equal(await run(folder, 'npx', '--offline', 'range-get', '--version'), `range-get ${version}\n`)
  t.match(await run(folder, 'npx', '--offline', 'range-get', '--help'), /^Usage: range-get/)
})
