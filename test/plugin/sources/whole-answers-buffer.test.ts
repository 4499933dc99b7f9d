import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bufferSource } from 'fastify-send-range'
import { runAnswerSuites } from './support/answer-suites.ts'

await runAnswerSuites((root) => ({
  open(path, context) {
    const place = join(root, path)
    const stats = statSync(place, { throwIfNoEntry: false })
    if (stats?.isFile() !== true) return undefined
    const { mtime: lastModified, mtimeMs, size } = stats
    return bufferSource(readFileSync(place), { lastModified, etag: `"${mtimeMs}-${size}"` }).open(
      path,
      context,
    )
  },
}))
