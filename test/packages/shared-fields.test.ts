import t from 'tap'
import { type PackageJson, readManifest, withSharedFields, workspaces } from './fields/shared-fields.ts'

for (const folder of workspaces()) {
  t.test(
    `${folder}/package.json has the shared fields of the root (npm run fields writes them)`,
    async (t) => {
      const manifest = readManifest(folder)
      t.strictSame(manifest, withSharedFields(manifest, readManifest('.'), folder))
    },
  )
}

const PACKAGE: PackageJson = { name: 'a', license: 'MIT', type: 'module' }

t.test('the repository of the root is copied with the folder of the package', async (t) => {
  const repository = { type: 'git', url: 'git+https://git.example/a.git' }
  const root = { license: 'MIT', repository, homepage: 'https://a.example', bugs: 'https://b.example' }
  t.strictSame(withSharedFields(PACKAGE, root, 'plugin'), {
    ...PACKAGE,
    repository: { ...repository, directory: 'plugin' },
    homepage: 'https://a.example',
    bugs: 'https://b.example',
  })
})

t.test('a shared field that the root does not have is removed from the package', async (t) => {
  const root = { license: 'MIT' }
  t.strictSame(withSharedFields({ ...PACKAGE, homepage: 'https://a.example' }, root, 'plugin'), PACKAGE)
})
