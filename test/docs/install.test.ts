// What the README of a package says about how to get it. test/packages/ packs and installs it as written.
import t from 'tap'
import { manifestOf, PACKAGES } from '../packages/support/package-user.ts'
import { readDocument } from './support/markdown.ts'

for (const folder of PACKAGES) {
  t.test(`${folder}/README.md says how to get the package before it is on npm`, async (t) => {
    const { name, version } = manifestOf(folder)
    const { text } = readDocument(`${folder}/README.md`)
    t.match(
      text,
      new RegExp(`npm ci\\W.*\\n?npm pack -w ${folder}\\W|\`npm ci\`, then \`npm pack -w ${folder}\``),
    )
    t.match(text, new RegExp(`npm install .*PATH/${name}-${version}\\.tgz`))
    t.match(text, 'Node 22.12 or later; 20.19 still works')
    t.match(text, '`NODE_OPTIONS=--experimental-vm-modules npx jest`')
  })
}
