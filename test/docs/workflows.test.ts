// Checks the workflows of .github, and the programs that they run, without GitHub.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { REPOSITORY } from '../support/repository.ts'
import { readDocument } from './support/markdown.ts'

const WORKFLOWS = `${REPOSITORY}.github/workflows/`
const workflows = readdirSync(WORKFLOWS).map((name) => ({
  name,
  text: readFileSync(WORKFLOWS + name, 'utf8'),
}))

/** Runs a program. Returns what it prints, or undefined when it fails. */
function outputOf(program: string, argument: string): string | undefined {
  try {
    return execFileSync(program, [argument], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

t.test(
  'each action is pinned to a commit, one for each repository, with the version beside it',
  async (t) => {
    const commits = new Map<string, string>()
    for (const { name, text } of workflows) {
      for (const [, used = ''] of text.matchAll(/uses: (.+)/g)) {
        if (used.startsWith('./')) continue
        const [, repository = '', commit = ''] =
          /^([\w-]+\/[\w-]+)[\w/-]*@([\da-f]{40}) # v[\d.]+$/.exec(used) ?? []
        t.not(commit, '', `${name}: ${used}`)
        t.equal(commits.get(repository) ?? commit, commit, `${name}: ${repository}`)
        commits.set(repository, commit)
      }
    }
  },
)

t.test('no workflow uses a secret, and each starts with the permission to read alone', async (t) => {
  for (const { name, text } of workflows) {
    t.notMatch(text, /secrets\./, name)
    t.match(text, /^permissions:\n {2}contents: read\n\n/m, name)
  }
})

t.test('each program of .ci that a workflow runs exists', async (t) => {
  for (const { name, text } of workflows) {
    for (const [program] of text.matchAll(/\.ci\/[\w-]+/g))
      t.ok(readdirSync(`${REPOSITORY}.ci`).includes(program.slice('.ci/'.length)), `${name}: ${program}`)
  }
})

const COMMIT_SUBJECT = `${REPOSITORY}.ci/commit-subject`

for (const subject of [
  'fix(proxy): a refused tunnel is reported',
  'test(range-set, docs): each row is a case',
  'feat(range-get): HTTP/2',
  'docs: each option has its default',
  'docs(security): the steps are counted',
  'build(deps): bump tap from 1 to 2',
]) {
  t.test(`a subject that follows CONTRIBUTING is accepted (${subject})`, async (t) => {
    t.not(outputOf(COMMIT_SUBJECT, subject), undefined)
  })
}

for (const [why, subject] of [
  ['no type', 'A refused tunnel is reported'],
  ['a type that is not in the list', 'improve(proxy): a refused tunnel is reported'],
  ['a scope that is not a file or a folder', 'fix(nothing-of-that-name): a refused tunnel is reported'],
  ['a full stop', 'fix(proxy): a refused tunnel is reported.'],
  ['no space', 'fix(proxy):a refused tunnel is reported'],
  ['121 characters', `fix: ${'a'.repeat(116)}`],
] as const) {
  t.test(`another subject is refused (${why})`, async (t) => {
    t.equal(outputOf(COMMIT_SUBJECT, subject), undefined)
  })
}

t.test('CONTRIBUTING lists the types that .ci/commit-subject takes', async (t) => {
  const [, types = ''] = /^types='(.+)'$/m.exec(readFileSync(COMMIT_SUBJECT, 'utf8')) ?? []
  const listed = types.split('|').map((type) => `\`${type}\``)
  t.match(readDocument('CONTRIBUTING.md').text, listed.join(', '))
})

/** A repository with nothing but what `.ci/release-folder` reads: version 1.2.3 of range-get is in its changelog. */
function releasable(t: Test): string {
  const manifest = (name: string): string => JSON.stringify({ name, version: '1.2.3' })
  const root = t.testdir({
    '.ci': {},
    plugin: { 'package.json': manifest('fastify-send-range'), 'CHANGELOG.md': '## [Unreleased]\n' },
    'demo-client': { 'package.json': manifest('range-get'), 'CHANGELOG.md': '## [1.2.3] - 2026-12-01\n' },
  })
  const program = join(root, '.ci/release-folder')
  cpSync(`${REPOSITORY}.ci/release-folder`, program)
  chmodSync(program, 0o755)
  return program
}

for (const { tag, folder } of [
  { tag: 'range-get-v1.2.3', folder: 'demo-client' },
  { tag: 'range-get-v1.2.4', folder: undefined },
  { tag: 'v1.2.3', folder: undefined },
  // Its changelog has no section for the version.
  { tag: 'fastify-send-range-v1.2.3', folder: undefined },
]) {
  t.test(`a release tag names ${folder ?? 'no package'} (${tag})`, async (t) => {
    t.equal(outputOf(releasable(t), tag), folder)
  })
}
