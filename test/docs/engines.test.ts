// The documents say why `npm ci` warns under Node 20: they name the packages that ask for a later Node.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { REPOSITORY } from '../support/repository.ts'
import { readDocument } from './support/markdown.ts'

const OLDEST = { major: 20, minor: 19 }

/** Whether one part of a range, such as `^20.17.0` or `>= 18`, includes the oldest Node. */
function partIncludesOldest(part: string): boolean {
  const [, comparison = '', major = '', minor = '0'] = /^(>=|\^|~)?\s*v?(\d+)(?:\.(\d+))?/.exec(part) ?? []
  if (major === '') return true
  const isOlder = Number(major) < OLDEST.major
  const isSame = Number(major) === OLDEST.major && Number(minor) <= OLDEST.minor
  return comparison === '>=' ? isOlder || isSame : isSame
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
    .filter(
      ([, { engines }]) =>
        !(engines?.node ?? '*').split('||').some((part) => partIncludesOldest(part.trim())),
    )
    .map(([path, { version }]) => `\`${path.split('node_modules/').at(-1)}\` ${version.split('.')[0]}`)
    .sort()
}

t.test('a range of engines includes the oldest Node, or not', async (t) => {
  for (const part of ['>=18', '>= 20', '>=20.19.0', '^20.17.0', '*', '20', '>=0.10'])
    t.ok(partIncludesOldest(part), part)
  for (const part of ['>=22', '>=20.20.0', '^22.1.0', '^18', '18', '>=24.0.0'])
    t.notOk(partIncludesOldest(part), part)
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
