// What the README of a package says about how to get it. test/packages/ packs and installs it as written.
import t from 'tap'
import { manifestOf } from '../packages/support/package-user.ts'
import { readDocument } from './support/markdown.ts'

for (const folder of ['plugin']) {
  t.test(`${folder}/README.md says how to get the package before it is on npm`, async (t) => {
    const { name, version } = manifestOf(folder)
    const { blocks, text } = readDocument(`${folder}/README.md`)
    const commands = blocks
      .filter(({ heading, language }) => heading === 'Install' && language === 'sh')
      .flatMap((block) => block.text.split('\n'))
    t.strictSame(commands.slice(-2), ['npm ci', `npm pack -w ${folder}`])
    t.match(text, new RegExp(`npm install .*PATH/${name}-${version}\\.tgz`))
    t.match(text, 'Node 22 or later; 20.19 still works')
    t.match(text, '`NODE_OPTIONS=--experimental-vm-modules npx jest`')
  })
}
