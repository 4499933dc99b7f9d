// Jest gives each file of tests a realm of its own. There, errors of Node's modules are no instances of `Error`.
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { projectFolder } from '../docs/support/snippet.ts'
import { run } from './support/package-user.ts'

const RUNNER = fileURLToPath(new URL('support/in-new-realm.js', import.meta.url))

/** Runs code in a new realm, in a project that has a file to serve. Returns what it prints. */
async function printed(
  t: Test,
  code: string,
): Promise<{ readonly lines: string[]; readonly folder: string }> {
  const folder = await projectFolder(t)
  await mkdir(join(folder, 'files'))
  await writeFile(join(folder, 'files/hello.txt'), 'hello, ranges')
  await writeFile(join(folder, 'code.mjs'), code)
  const stdout = await run(
    folder,
    process.execPath,
    '--experimental-vm-modules',
    '--no-warnings',
    RUNNER,
    join(folder, 'code.mjs'),
  )
  return { lines: stdout.trim().split('\n'), folder }
}

const SERVE = `
import Fastify from 'fastify'
import rangePlugin from 'fastify-send-range'
import { download } from 'range-get'

const fastify = Fastify()
await fastify.register(rangePlugin, { root: 'files' })
fastify.get('/*', (request, reply) => reply.sendRange(request.params['*']))
const origin = await fastify.listen({ port: 0, host: '127.0.0.1' })
`

t.test('the errors of files are of another realm', async (t) => {
  const { lines } = await printed(
    t,
    `import { readFile } from 'node:fs/promises'
await readFile('missing').catch((error) => console.log(error instanceof Error, error.code))`,
  )
  t.strictSame(lines, ['false ENOENT'])
})

t.test('a file is served and downloaded', async (t) => {
  const { lines, folder } = await printed(
    t,
    `${SERVE}
const run = download(origin + '/hello.txt', 'copy.txt', { segmentSize: 4, proxy: undefined })
const { size, warnings } = await run.finished
console.log(size, warnings.length)
await fastify.close()`,
  )
  t.strictSame(lines, ['13 0'])
  t.equal(readFileSync(join(folder, 'copy.txt'), 'utf8'), 'hello, ranges')
})

t.test('a missing file is a 404, an existing one and a refused connection have their codes', async (t) => {
  const { lines } = await printed(
    t,
    `${SERVE}
const codeOf = (url, path) => download(url, path, { retries: 0 }).finished.catch(({ code, message }) => code + ' ' + message)
console.log(await codeOf(origin + '/missing.txt', 'copy.txt'))
console.log(await codeOf(origin + '/hello.txt', 'files/hello.txt'))
console.log(await codeOf(origin + '/hello.txt', 'missing/copy.txt'))
await fastify.close()
console.log(await codeOf(origin + '/hello.txt', 'copy.txt'))`,
  )
  t.match(lines[0], /^ERR_DOWNLOAD_HTTP .*404/)
  t.match(lines[1], /^ERR_DOWNLOAD_EXISTS /)
  t.match(lines[2], /^ERR_DOWNLOAD_UNWRITABLE .*the directory does not exist/)
  t.match(lines[3], /^ERR_DOWNLOAD_NETWORK .*the connection was refused/)
})

t.test('the contract of a source is run', async (t) => {
  const { lines } = await printed(
    t,
    `import { fileSource } from 'fastify-send-range'
import { sourceContract } from 'fastify-send-range/contract'
import { writeFileSync } from 'node:fs'

const content = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251))
writeFileSync('files/a.bin', content)
const rows = {
  open: (path) => path === 'a.bin' ? {
    size: content.length,
    async *read({ first, last }) {
      yield new Uint8Array(content.subarray(first, last + 1))
    },
    close() {},
  } : undefined,
}
for (const source of [fileSource({ root: 'files' }), rows])
  for (const { name, run } of sourceContract({ source: () => source, path: 'a.bin', content, absent: 'b.bin' }))
    // Jest loads Fastify into the new realm too. Here it is of the other one, and takes the errors of this one for values.
    if (!name.startsWith('answers')) await run().catch((error) => console.log(name, error.message))
console.log('done')`,
  )
  t.strictSame(lines, ['done'])
})
