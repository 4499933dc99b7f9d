// Fields of package.json that every package of the workspace has in common. The package.json of the root is the one
// place to change them; `npm run fields` copies them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from '../../support/repository.ts'

/** The content of a package.json. */
export type PackageJson = Readonly<Record<string, unknown>>

const SHARED = ['license', 'engines', 'repository', 'homepage', 'bugs']

/** Where the package.json of a folder is. */
export function manifestPath(folder: string): string {
  return join(REPOSITORY, folder, 'package.json')
}

export function readManifest(folder: string): PackageJson {
  return JSON.parse(readFileSync(manifestPath(folder), 'utf8'))
}

/** The folders of the packages, as the root lists them. */
export function workspaces(): readonly string[] {
  return readManifest('.')['workspaces'] as string[]
}

/** The manifest of a package with the shared fields of the root, and without those that the root does not have. */
export function withSharedFields(manifest: PackageJson, root: PackageJson, folder: string): PackageJson {
  const shared = Object.fromEntries(SHARED.map((name) => [name, root[name]]))
  if (typeof root['repository'] === 'object')
    shared['repository'] = { ...root['repository'], directory: folder }
  const fields = Object.entries({ ...manifest, ...shared })
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined))
}
