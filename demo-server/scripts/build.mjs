// Builds before a program runs. A tree that cannot be written to runs as it was built.
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What the build writes: folders, and files in them that another user may own. */
const OUTPUTS = ['plugin/dist', 'demo-server/dist', 'demo-client/dist', '.build'].flatMap((folder) => [
  folder,
  join(folder, '.tsbuildinfo'),
])
const BUNDLE = 'demo-client/dist/demo.js'
const TOOLS = ['node_modules/typescript', 'node_modules/esbuild']

/**
 * Builds, if that is possible. Returns `ready`, with a note if the program runs as it was built; `failed` with the reason;
 * or the status of the build, which has said itself why it failed.
 */
export function build(root, files) {
  const isThere = (path) => existsSync(join(root, path))
  const isBuilt = files.every(isThere)
  if (!isThere('node_modules/fastify')) return { kind: 'failed', reason: 'run "npm ci" first' }
  if (!TOOLS.every(isThere))
    return isBuilt ? { kind: 'ready', note: null } : { kind: 'failed', reason: 'run "npm ci" first' }
  const locked = [...OUTPUTS, BUNDLE].map((path) => join(root, path)).find((path) => !isWritable(path))
  if (locked !== undefined) {
    if (isBuilt)
      return { kind: 'ready', note: 'this folder cannot be written to, so it runs as it was built' }
    const reason = `it is not built yet, and ${locked} cannot be written: let the owner of the folder run "npm run build", or copy the folder`
    return { kind: 'failed', reason }
  }
  if (!isBuilt && process.stderr.isTTY)
    process.stderr.write('building; this takes some seconds the first time\n')
  const { status } = spawnSync('npm run --silent build', { cwd: root, shell: true, stdio: 'inherit' })
  return status === 0 ? { kind: 'ready', note: null } : { kind: 'not-built', status: status ?? 1 }
}

/** Whether the path, or the folder in which it would be made, can be written to. */
function isWritable(path) {
  try {
    accessSync(existsSync(path) ? path : nearest(dirname(path)), constants.W_OK)
    return true
  } catch {
    return false
  }
}

function nearest(folder) {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder))
}
