// Runs the table of whole answers with files that come from another place than a folder.
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bufferSource, type RangePluginOptions, type RangeSource } from 'fastify-send-range'
import { httpSource } from 'fastify-send-range/http'
import t from 'tap'
import { Bucket } from '../../../support/stores/bucket.ts'
import { storeFor } from '../../../support/stores/shared-store.ts'
import type { StoreName } from '../../../support/stores/store.ts'
import { serveFiles } from '../../support/ways-to-serve.ts'
import { Origin } from '../../upstream/support/origin.ts'
import { sourceOf } from './served-store.ts'

/** A file of the folder that a test has made. */
interface File {
  readonly name: string
  readonly bytes: Buffer
  readonly modified: Date
}

/** What the tests set for files. */
interface FileOptions {
  readonly etag: RangePluginOptions['etag'] | undefined
  readonly acceptRanges: RangePluginOptions['acceptRanges'] | undefined
}

/** Makes a source of these files. */
type MakeSource = (files: readonly File[]) => Promise<RangeSource>

/** Runs the table. The process must run nothing else. */
async function runAnswers(make: MakeSource): Promise<void> {
  serveFiles(({ root = '', dotfiles: _, maxOpenFiles: __, etag, acceptRanges, ...others }) => ({
    ...others,
    source: asFiles(String(root), make, { etag, acceptRanges }),
  }))
  await import('../../http/answers.test.js')
}

/**
 * A source of the files of a folder, which are taken to another place at its first use. The tests set dates of files, and
 * options of the source of files: no store takes either of them.
 */
function asFiles(root: string, make: MakeSource, { etag, acceptRanges }: FileOptions): RangeSource {
  let source: Promise<RangeSource> | undefined
  return {
    async open(path, context) {
      source ??= filesOf(root).then(make)
      const opened = await (await source).open(path, context)
      if (opened === undefined) return undefined
      return {
        ...opened,
        lastModified: (await stat(join(root, path))).mtime,
        lastModifiedStrength: 'strong',
        ...(etag === false && { etag: undefined }),
        ...(acceptRanges === 'none' && { acceptRanges }),
      }
    },
  }
}

async function filesOf(root: string): Promise<readonly File[]> {
  const names = await readdir(root)
  return Promise.all(
    names.map(async (name) => {
      const path = join(root, name)
      return { name, bytes: await readFile(path), modified: (await stat(path)).mtime }
    }),
  )
}

/** Runs the table with objects of a real store. */
export async function runAnswersOfStore(name: StoreName): Promise<void> {
  t.setTimeout(600_000)
  const store = await storeFor(t, name)
  if (store === undefined) return
  await runAnswers(async (files) => {
    const bucket = await Bucket.make(t, store)
    for (const { name, bytes } of files)
      await bucket.put(name, bytes, { 'content-type': 'binary/octet-stream' })
    return sourceOf(bucket, store)
  })
}

/** Runs the table with files of another HTTP server. */
export async function runAnswersOfOrigin(): Promise<void> {
  await runAnswers(async (files) => {
    const origin = await Origin.start(t)
    for (const { name, bytes, modified } of files) {
      const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`
      origin.objects.set(`/${name}`, { bytes, etag, lastModified: modified.toUTCString() })
    }
    return httpSource({ url: (path) => `${origin.url}/${path}` })
  })
}

/** Runs the table with bytes in memory. */
export async function runAnswersOfBuffers(): Promise<void> {
  await runAnswers(async (files) => {
    const sources = new Map(files.map(({ name, bytes }) => [name, bufferSource(bytes)]))
    return { open: (path, context) => sources.get(path)?.open(path, context) }
  })
}
