import { readFileSync } from 'node:fs'
import t from 'tap'
import { REPOSITORY } from '../support/repository.ts'
import { inOneLine, parseComment } from './api/comment.ts'
import { declarationOf } from './api/declaration.ts'
import { referenceOf } from './api/reference.ts'

for (const folder of ['plugin', 'demo-client']) {
  t.test(`${folder}/API.md is what npm run docs writes now`, async (t) => {
    t.equal(
      readFileSync(`${REPOSITORY}${folder}/API.md`, 'utf8'),
      referenceOf(`${REPOSITORY}${folder}/`),
      'npm run docs writes it again',
    )
  })

  t.test(`${folder}: each public declaration has a comment`, async (t) => {
    const sections = referenceOf(`${REPOSITORY}${folder}/`).split('\n## ').slice(1)
    for (const section of sections) {
      const [name = '', , first = ''] = section.split('\n')
      t.ok(first !== '' && !first.startsWith('```'), `${name} has a comment`)
      for (const [, member, meaning] of section.matchAll(/^\| `(.+?)` \| `.+` \|(.*)\|$/gm))
        t.not(meaning?.trim(), '', `${name}: ${member} has a comment`)
    }
  })
}

t.test('a comment and its declaration become a section of the reference', async (t) => {
  const text = `
/** Another. */
export interface Other { }
/**
 * What it is, in {@link Other} words
 * that go on.
 *
 * @param a one
 *   of them
 * @throws E \`CODE\`
 */
export interface Thing extends Other {
    /** A size | bytes. */
    readonly size?: number | undefined;
    read(range: { first: number; last: number }, b: string): void;
    readonly nested: {
        readonly deep: string;
    };
}
`
  const { comment, signature, members } = declarationOf('Thing', text)
  t.equal(comment.text, 'What it is, in `Other` words that go on.')
  t.strictSame(comment.params, ['`a`: one of them'])
  t.strictSame(comment.throws, ['E `CODE`'])
  t.equal(signature, 'interface Thing extends Other')
  t.strictSame(
    members.map(({ name, type }) => [name, type]),
    [
      ['size?', 'number | undefined'],
      ['read', '(range: { first: number; last: number }, b: string): void'],
      ['nested', '{ readonly deep: string; }'],
    ],
  )
  t.equal(members[0]?.comment.text, 'A size | bytes.')
  t.equal(parseComment(undefined).text, '')
  t.equal(inOneLine(parseComment('Is it so?\n\n@param a one')), 'Is it so? `a`: one.')
  t.equal(inOneLine(parseComment('One.\n\nTwo')), 'One. Two.')
  t.throws(() => declarationOf('Absent', text), /no declaration/)
})
