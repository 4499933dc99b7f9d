// The documents say why `npm ci` warns under Node 20: they name the packages that ask for a later Node.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { unsupportedNode } from '#client/command/supported-node.js'
import { REPOSITORY } from '../support/repository.ts'
import { readDocument } from './support/markdown.ts'

const OLDEST = '20.19.0'

/** Whether one part of a range, such as `^20.17.0` or `>= 18`, includes `version`. */
function partIncludes(part: string, version: string): boolean {
  const [, comparison = '', major = '', minor = '0'] = /^(>=|\^|~)?\s*v?(\d+)(?:\.(\d+))?/.exec(part) ?? []
  if (major === '') return true
  const [itsMajor = 0, itsMinor = 0] = version.split('.').map(Number)
  const isLater = itsMajor > Number(major)
  const isSame = itsMajor === Number(major) && itsMinor >= Number(minor)
  return comparison === '>=' ? isLater || isSame : isSame
}

function includes(range: string, version: string): boolean {
  return range.split('||').some((part) => partIncludes(part.trim(), version))
}

interface Locked {
  readonly version: string
  readonly engines?: { readonly node?: string }
  readonly optional?: boolean
}

/** `name major` of each locked package for which npm warns under the oldest Node. */
function warned(): string[] {
  const { packages } = JSON.parse(readFileSync(`${REPOSITORY}package-lock.json`, 'utf8')) as {
    packages: Record<string, Locked>
  }
  return Object.entries(packages)
    .filter(([, { engines }]) => !includes(engines?.node ?? '*', OLDEST))
    .map(([path, { version }]) => `\`${path.split('node_modules/').at(-1)}\` ${version.split('.')[0]}`)
    .sort()
}

t.test('a range of engines includes the oldest Node, or not', async (t) => {
  for (const range of ['>=18', '>= 20', '>=20.19.0', '^20.17.0', '*', '20', '>=0.10', '^18 || >=20'])
    t.ok(includes(range, OLDEST), range)
  for (const range of ['>=22', '>=20.20.0', '^22.1.0', '^18', '18', '>=24.0.0', '^18 || >=22'])
    t.notOk(includes(range, OLDEST), range)
})

const ENGINES = (
  JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8')) as {
    readonly engines: { readonly node: string }
  }
).engines.node

// CommonJS can load ES modules from 20.19 and 22.12 on. Fastify needs that, and so does `require('range-get')`.
for (const version of ['18.20.4', '20.18.3', '21.7.3', '22.0.0', '22.2.0', '22.11.0'])
  t.test(`engines exclude Node ${version}, and range-get refuses it`, async (t) => {
    t.notOk(includes(ENGINES, version))
    t.not(unsupportedNode(version), null)
  })

for (const version of [OLDEST, '20.20.2', '22.12.0', '22.23.3', '23.0.0', '24.21.0', '26.10.0'])
  t.test(`engines include Node ${version}, and range-get runs under it`, async (t) => {
    t.ok(includes(ENGINES, version))
    t.equal(unsupportedNode(version), null)
  })

t.test('each document names both limits of engines', async (t) => {
  const [, before, from] = /^\^(\d+\.\d+)\.0 \|\| >=(\d+\.\d+)\.0$/.exec(ENGINES) ?? []
  for (const path of ['README.md', 'CONTRIBUTING.md', 'plugin/README.md', 'demo-client/README.md'])
    t.match(
      readDocument(path).text,
      new RegExp(`Node ${from} or later[;,.][^\\n]*${before} still works`),
      path,
    )
  for (const sentence of [`Node ${from} 或更高版本，`, `- Node ${from} 或更高版本；${before} 仍然可用。`])
    t.match(readDocument('README.zh-CN.md').text, sentence)
})

for (const path of ['README.md', 'README.zh-CN.md']) {
  t.test(`${path} names the packages that npm warns about under Node 20`, async (t) => {
    const [line = ''] = /^.*EBADENGINE.*$/m.exec(readDocument(path).text) ?? []
    t.strictSame([...new Set(line.match(/`[\w-]+` \d+/g))].sort(), warned())
  })
}

t.test('plugin/README.md names the one that comes with Fastify', async (t) => {
  const [line = ''] = /^.*EBADENGINE.*$/m.exec(readDocument('plugin/README.md').text) ?? []
  const named = [...line.matchAll(/`[\w-]+` \d+/g)].map(([name]) => name)
  t.strictSame(named, ['`cookie` 2'])
  for (const name of named) t.ok(warned().includes(name), name)
})
