import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePath, httpSource } from 'fastify-send-range/http'
import t from 'tap'
import { serveFiles } from '../support/ways-to-serve.ts'
import { Origin } from './support/origin.ts'

// The suites of whole answers, with the same expected answers as for files on disk, over another server that has the files.

const origin = await Origin.start(t, ({ url, headers }, response) => {
  const [, root = '', ...path] = decodeURIComponent(url).split('\0')
  const place = join(root, ...path)
  const stats = statSync(place, { throwIfNoEntry: false })
  if (stats?.isFile() !== true) return false
  const { mtime, mtimeMs, size } = stats
  void readFile(place).then((bytes) => {
    origin.objects.set(place, { bytes, etag: `"${mtimeMs}-${size}"`, lastModified: mtime.toUTCString() })
    origin.serveObject({ url: encodeURIComponent(place), headers }, response)
  })
  return true
})

serveFiles(({ root, dotfiles, maxOpenFiles, ...options }) => ({
  ...options,
  source: httpSource({ url: (path) => `${origin.url}/%00${encodePath(String(root))}%00${encodePath(path)}` }),
}))

for (const suite of ['answers', 'many-ranges', 'repeated-fields', 'methods'])
  await import(`../http/${suite}.test.js`)
