import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { stepLine } from '#client/demo/step-line.js'
import { KEYS } from '#client/demo/walk.js'
import { listening, start as startServer } from '../demo/server-process.ts'
import { start as startCommand } from '../demo/walk-process.ts'
import { REPOSITORY } from '../support/repository.ts'
import { sameBytes } from '../support/same-bytes.ts'
import { type Block, readDocument } from './support/markdown.ts'
import { missing, runCommand, runRangeGet } from './support/programs.ts'
import { originOf, projectFolder, runModule, runRecipe } from './support/snippet.ts'

const FILM = 'a film of a few bytes'
const SERVED = 'http://localhost:3000'

const { PROGRAMS: programs }: { PROGRAMS: Record<'demo' | 'start', { files: readonly string[] }> } =
  await import(`${REPOSITORY}demo-server/scripts/programs.mjs`)
const manifest = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8'))
const ci = readFileSync(`${REPOSITORY}.ci/run`, 'utf8')
const noCurl = await missing('curl', '--version')

/** The program that `npm run NAME` runs after the build. */
function builtCommandOf(name: 'demo' | 'start'): string {
  const launcher = 'demo-server/scripts/launch.cjs'
  if (manifest.scripts[name] !== `node ${launcher} ${name}`) throw new Error(`"${name}" does not build first`)
  return REPOSITORY + (programs[name].files[0] ?? '')
}

/** Runs the demo with the arguments of a document. */
async function walk(t: Test, line: string): Promise<void> {
  const folder = t.testdir({})
  const args = (line.split(' -- ')[1] ?? '').split(' ').filter((word) => word !== '')
  const command = [builtCommandOf('demo'), '--port', '0', ...args]
  const { status, stdout } = await startCommand(process.execPath, command, folder).finished
  t.equal(status, 0, line)
  if (args.includes('--help')) return
  const [, source, output] = /; (\S+) -> (\S+)/.exec(stdout) ?? []
  const want = readFileSync(`${REPOSITORY}demo-server/files/${source}`)
  sameBytes(t, readFileSync(join(folder, output ?? '')), want, `${output} is ${source}`)
}

/** Checks a picture of the demo: what it prints on a terminal of 80 columns, and that it asks for the same ranges. */
async function showsSteps(t: Test, shown: string): Promise<void> {
  const command = [builtCommandOf('demo'), '--port', '0']
  const { stdout } = await startCommand(process.execPath, command, t.testdir({})).finished
  const [first, keys, ...steps] = shown.split('\n')
  t.equal(stdout.split('\n')[0]?.replace(/:\d+;/, ':3000;'), first)
  t.equal(keys, KEYS)
  t.ok(steps.length > 1)
  for (const [index, line] of steps.entries()) {
    const [, range = '', contentRange = ''] = /(bytes=\S+) +206 Content-Range: (\S+ \S+)/.exec(line) ?? []
    t.ok(stdout.includes(`Range: ${range} -> 206 Content-Range: ${contentRange},`), line)
    const [, last = 0, total = 0] = /-(\d+)\/(\d+)$/.exec(contentRange)?.map(Number) ?? []
    const report = { range, status: 206, contentRange, bytes: 4, received: last + 1, total }
    const { parts } = stepLine(index + 1, report, { columns: 80, bar: { filled: '█', empty: '░' } })
    t.equal(parts.map(({ text }) => text).join(''), line)
  }
}

/** Starts what `npm start` starts. */
async function serveDemo(t: Test): Promise<string> {
  t.match(builtCommandOf('start'), /demo-server\/dist\/main\.js$/)
  const server = startServer(['--port', '0'])
  t.teardown(() => server.child.kill())
  return await listening(server)
}

/** Runs the block under "Use it" on files of its own. */
async function serveUsage(t: Test, blocks: readonly Block[]): Promise<FastifyInstance> {
  const folder = await projectFolder(t)
  await mkdir(join(folder, 'files'))
  await writeFile(join(folder, 'files/film.mp4'), FILM)
  const code = blocks.find(({ language }) => language === 'js')?.text ?? ''
  return await runRecipe(t, code, { "'files'": `'${join(folder, 'files')}'` })
}

const shared = readDocument('README.md').blocks.map((block) => block.text)

for (const path of ['README.md', 'README.zh-CN.md']) {
  const { text, ...document } = readDocument(path)
  // The Chinese one has blocks of the packages' READMEs too: chinese-readme.test.ts compares them.
  const blocks = document.blocks.filter((block) => shared.includes(block.text))
  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap((block) => block.text.split('\n'))

  t.test(`${path} has only commands that are run here`, async (t) => {
    t.strictSame(commands, [
      'npm ci',
      'npm run demo',
      'npm start',
      'curl -v --header "Range: bytes=0-3" http://localhost:3000/bd_logo.png',
      'npm install fastify fastify-send-range range-get',
      'npm ci',
      'npm pack -w plugin -w demo-client',
      'npx range-get --connections 8 http://localhost:3000/files/film.mp4',
      'npm test',
    ])
    for (const line of ['npm ci', 'npm test']) t.match(ci, new RegExp(`^${line}$`, 'm'), `.ci/run: ${line}`)
    t.equal(manifest.scripts.test, 'tap')
    for (const { language, heading } of blocks) t.match(language, /^(sh|js|text)$/, heading)
  })

  t.test(`the demo of ${path} copies its source`, async (t) => {
    const lines = [
      'npm run demo',
      ...[...text.matchAll(/`(npm run demo -- [^`]+)`/g)].map(([, line = '']) => line),
    ]
    t.ok(lines.length > 1)
    for (const line of lines) await walk(t, line)
    for (const block of blocks.filter(({ language }) => language === 'text')) await showsSteps(t, block.text)
  })

  t.test(`the curl line of ${path} gets the shown fields`, { skip: noCurl }, async (t) => {
    const origin = await serveDemo(t)
    const line = commands.find((command) => command.startsWith('curl')) ?? ''
    const { stdout, stderr } = await runCommand(line.replace(SERVED, origin), { cwd: '.' })
    t.match(stdout, /PNG$/, 'four bytes of a picture')
    t.match(stderr, /< HTTP\/1\.1 206 Partial Content/)
    for (const field of ['content-range: bytes 0-3/7877', 'content-length: 4', 'accept-ranges: bytes'])
      t.match(stderr.toLowerCase(), `< ${field}\r\n`)
    for (const field of ['etag: "', 'last-modified: ', 'cache-control: '])
      t.match(stderr.toLowerCase(), `< ${field}`)
  })

  t.test(`npm pack makes the packages that ${path} installs`, async (t) => {
    const line = commands.find((command) => command.startsWith('npm pack')) ?? ''
    const { stdout } = await runCommand(`${line} --silent --dry-run --ignore-scripts`, { cwd: REPOSITORY })
    const tarballs = stdout.trim().split('\n')
    t.equal(tarballs.length, 2)
    for (const tarball of tarballs) t.ok(text.includes(`\`PATH/${tarball}\``), tarball)
    const installed = commands.find((command) => command.startsWith('npm install'))?.split(' ')
    for (const folder of ['plugin', 'demo-client']) {
      const { name } = JSON.parse(readFileSync(`${REPOSITORY}${folder}/package.json`, 'utf8'))
      t.ok(installed?.includes(name), name)
    }
  })

  t.test(`the downloader of ${path} downloads from its server`, async (t) => {
    const origin = originOf(await serveUsage(t, blocks))
    const command = commands.find((line) => line.startsWith('npx range-get')) ?? ''
    const folder = await projectFolder(t)
    await runRangeGet(command.replace(SERVED, origin), folder)
    t.equal(readFileSync(join(folder, 'film.mp4'), 'utf8'), FILM)

    const [, library] = blocks.filter(({ language }) => language === 'js')
    const output = join(folder, 'again.mp4')
    const code = (library?.text ?? '').replace(SERVED, origin).replace("'film.mp4'", `'${output}'`)
    const result = await runModule(t, `${code}\nexport { path, size, integrity }\n`)
    t.strictSame({ ...result }, { path: output, size: FILM.length, integrity: 'digest' })
  })
}
