import { readFileSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, posix } from 'node:path'
import t from 'tap'
import { REPOSITORY } from '../support/repository.ts'
import { emptyFolder, manifestOf, PACKAGES, pack, run } from './support/package-user.ts'

const DOCUMENTS = ['API.md', 'CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  plugin: DOCUMENTS,
  'demo-client': [...DOCUMENTS, 'range-get.1', 'THIRD-PARTY-LICENSES'].sort(),
}
/** The limit for all files, unpacked. It leaves less space than a wrong file would need. */
const MOST_BYTES = 3 * 1024 * 1024

for (const folder of PACKAGES) {
  t.test(`the tarball of ${folder}`, async (t) => {
    const place = await emptyFolder()
    t.teardown(() => rmSync(place, { recursive: true, force: true }))
    const tarball = await pack(folder, place)
    await run(place, 'tar', '-xzf', tarball)
    const files = (await run(place, 'tar', '-tzf', tarball))
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, ''))
    const read = (path: string): string => readFileSync(join(place, 'package', path), 'utf8')

    t.test('it contains code, types, sources and documents', async (t) => {
      t.strictSame(files.filter((path) => !/^(?:dist|src)\//.test(path)).sort(), BESIDE[folder])
      for (const path of files)
        t.match(
          path,
          /^(?:dist\/(?:[\w-]+\/)?[\w-]+\.(?:c?js|d\.ts)(?:\.map)?|src\/(?:[\w-]+\/)?[\w-]+\.ts|[\w.-]+)$/,
        )
      t.notOk(
        files.some((path) => path.includes('demo')),
        'nothing of the demo',
      )
      const bytes = files.reduce((sum, path) => sum + Buffer.byteLength(read(path)), 0)
      t.ok(bytes < MOST_BYTES, `${bytes} bytes`)
    })

    t.test('each source map finds its source', async (t) => {
      const maps = files.filter((path) => path.endsWith('.map'))
      t.ok(maps.length > 0)
      for (const path of maps) {
        for (const source of JSON.parse(read(path)).sources)
          t.ok(files.includes(posix.join(dirname(path), source)), `${path}: ${source}`)
      }
    })

    t.test('each import of a file finds the file', async (t) => {
      for (const path of files.filter((name) => name.endsWith('.js'))) {
        for (const [, target = ''] of read(path).matchAll(/(?:from|import) ['"](\.[^'"]+)['"]/g))
          t.ok(files.includes(posix.join(dirname(path), target)), `${path}: ${target}`)
      }
    })

    t.test('it has the licence of each package that its command contains', async (t) => {
      if (folder !== 'demo-client') return
      const { dependencies } = JSON.parse(read('package.json'))
      const command = read('dist/command.cjs')
      const contained = Object.keys(dependencies).filter(
        (name) => !new RegExp(`\\(\\s*"${name}"\\)`).test(command),
      )
      t.strictSame(contained, ['content-disposition', 'structured-headers'])
      const { resolve } = createRequire(`${REPOSITORY}demo-client/package.json`)
      for (const name of contained) {
        const licence = readFileSync(join(dirname(resolve(name)), '../LICENSE'), 'utf8')
        t.ok(read('THIRD-PARTY-LICENSES').includes(licence.trim()), name)
      }
    })

    t.test('each declaration file that index.d.ts imports is there', async (t) => {
      const reached = new Set(['dist/index.d.ts'])
      for (const path of reached) {
        t.ok(files.includes(path), path)
        for (const [, target = ''] of read(path).matchAll(/(?:from |import\()['"](\.[^'"]+)\.[jt]s['"]/g))
          reached.add(`${posix.join(dirname(path), target)}.d.ts`)
      }
      t.ok(reached.size > 1)
    })

    t.test('it runs no script when it is installed', async (t) => {
      t.strictSame(Object.keys(JSON.parse(read('package.json')).scripts), ['prepack'])
    })

    t.test('it has the licence of the repository', async (t) => {
      t.equal(read('LICENSE'), await readFile(`${REPOSITORY}LICENSE`, 'utf8'))
      t.equal(manifestOf(folder).version, JSON.parse(read('package.json')).version)
    })

    t.test('its documents link to its own files and to complete URLs, and show no picture', async (t) => {
      for (const path of files.filter((name) => name.endsWith('.md'))) {
        t.notMatch(read(path), /!\[[^\]]*\]\(/, `${path}: npm would look for a picture in another place`)
        for (const [, target = ''] of read(path).matchAll(/\]\(([^)\s]+)\)/g)) {
          const [file = ''] = target.split('#')
          if (!target.startsWith('https://') && file !== '') t.ok(files.includes(file), `${path}: ${target}`)
        }
      }
    })

    const tool = (name: string): string => join(REPOSITORY, 'node_modules/.bin', name)
    t.test('publint finds nothing', async (t) => {
      t.match(await run(place, tool('publint'), 'run', tarball, '--strict'), /All good!/)
    })
    t.test('attw finds nothing, for an ES module', async (t) => {
      t.match(
        await run(place, tool('attw'), tarball, '--profile', 'esm-only'),
        new RegExp(manifestOf(folder).name),
      )
    })
  })
}
