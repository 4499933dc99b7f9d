// `npm run fields`: copies the shared fields of the root's package.json into each package.
import { writeFileSync } from 'node:fs'
import { manifestPath, readManifest, withSharedFields, workspaces } from './shared-fields.ts'

for (const folder of workspaces()) {
  const manifest = withSharedFields(readManifest(folder), readManifest('.'), folder)
  writeFileSync(manifestPath(folder), `${JSON.stringify(manifest, null, 2)}\n`)
}
