// Words that readers whose first language is another one stumble over. CONTRIBUTING asks for plain English.
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { REPOSITORY } from '../support/repository.ts'

/** The words, and what to write in their place. */
const REPLACEMENTS: readonly (readonly [words: RegExp, better: string])[] = [
  [/\bwho(?:m)?ever\b/i, 'a client, a caller'],
  [/\banew\b/i, 'again'],
  [/\btells?\b/i, 'report, say'],
  [/\bbut for\b/i, 'except'],
]

const FOLDERS = [
  '.',
  'plugin',
  'plugin/src',
  'demo-client',
  'demo-client/src',
  'demo-server',
  'demo-server/src',
  'demo-server/public',
  'test',
]
/** It has the words itself. */
const OWN = 'test/docs/wording.test.ts'

/** The documents and sources, by their paths. */
function texts(): string[] {
  const found = FOLDERS.flatMap((folder) => {
    const recursive = folder === 'test' || /\/(?:src|public)$/.test(folder)
    return readdirSync(`${REPOSITORY}${folder}`, { recursive, encoding: 'utf8' })
      .filter((name) => /\.(?:md|ts|js|html|css)$/.test(name))
      .map((name) => `${folder}/${name}`)
  })
  return found.filter((path) => path !== OWN)
}

t.test('documents and comments use plain words', async (t) => {
  const paths = texts()
  t.ok(paths.length > 100)
  for (const path of paths) {
    for (const [index, line] of readFileSync(REPOSITORY + path, 'utf8')
      .split('\n')
      .entries()) {
      for (const [words, better] of REPLACEMENTS) {
        const [word] = words.exec(line) ?? []
        if (word !== undefined) t.fail(`${path}:${index + 1}: "${word}", better: ${better}`)
      }
    }
  }
})
