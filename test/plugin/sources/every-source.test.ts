import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bufferSource, fileSource, firstOf, type RangeSource } from 'fastify-send-range'
import { httpSource } from 'fastify-send-range/http'
import { s3Source } from 'fastify-send-range/s3'
import t, { type Test } from 'tap'
import { LONG_AGO, Origin } from '../upstream/support/origin.ts'
import { CONTENT, keepsTheContract, type SubjectOfContent } from './support/contract.ts'
import { encryptedSource, sealed } from './support/encrypted-source.ts'
import { rowSource, rowsOf } from './support/row-source.ts'

type Make = (t: Test) => SubjectOfContent | Promise<SubjectOfContent>

const absent = 'absent.bin'

/** A folder with the content, which can be replaced. */
function folder(t: Test): { readonly root: string; readonly replace: (content: Uint8Array) => void } {
  const root = t.testdir({})
  const replace = (content: Uint8Array): void => {
    writeFileSync(join(root, 'f.bin'), content)
    utimesSync(join(root, 'f.bin'), 1_000_000_000, 1_000_000_000)
  }
  replace(CONTENT)
  return { root, replace }
}

/** An origin with the content at a path. A source replaces it there. */
async function origin(t: Test, path: string) {
  const origin = await Origin.start(t)
  let version = 0
  const replace = (content: Uint8Array): void => {
    const bytes = Buffer.from(content)
    origin.objects.set(path, { bytes, etag: `"v${++version}"`, lastModified: LONG_AGO })
  }
  replace(CONTENT)
  return { url: origin.url, replace }
}

const nothing: RangeSource = { open: () => undefined }

const SOURCES: Readonly<Record<string, Make>> = {
  'bytes in memory': () => ({ source: () => bufferSource(CONTENT) }),
  files: (t) => {
    const { root, replace } = folder(t)
    return { source: () => fileSource({ root }), replace, absent }
  },
  'files with tags of their content': (t) => {
    const { root, replace } = folder(t)
    return { source: () => fileSource({ root, etag: 'content', maxOpenFiles: 0 }), replace, absent }
  },
  'the first of one source': (t) => {
    const { root, replace } = folder(t)
    return { source: () => firstOf(fileSource({ root })), replace, absent }
  },
  'the second of several sources': (t) => {
    const { root, replace } = folder(t)
    return {
      source: () => firstOf(nothing, fileSource({ root }), bufferSource(CONTENT.subarray(1))),
      replace,
    }
  },
  'the first of a first': (t) => {
    const { root, replace } = folder(t)
    return { source: () => firstOf(firstOf(nothing, fileSource({ root }))), replace, absent }
  },
  'rows of a table, then files': (t) => {
    const rows = rowSource(new Map([['f.bin', rowsOf(CONTENT)]]))
    const files = fileSource({ root: t.testdir({}) })
    return { source: () => firstOf(rows, files), absent }
  },
  'rows of a table': () => ({ source: () => rowSource(new Map([['f.bin', rowsOf(CONTENT)]])), absent }),
  'encrypted chunks': () => ({
    source: () => encryptedSource(new Map([['f.bin', sealed(CONTENT)]])),
    absent,
  }),
  'another server': async (t) => {
    const { url, replace } = await origin(t, '/f.bin')
    return { source: () => httpSource({ url: (path) => `${url}/${path}` }), replace, absent }
  },
  // `test/plugin/stores/s3-contract.test.ts` has real stores.
  'a bucket': async (t) => {
    const { url: endpoint, replace } = await origin(t, '/films/f.bin')
    const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' }
    const source = (): RangeSource => s3Source({ endpoint, region: 'default', bucket: 'films', credentials })
    return { source, replace, absent }
  },
}

for (const [name, make] of Object.entries(SOURCES))
  t.test(`the contract of a source holds for ${name}`, async (t) => keepsTheContract(t, await make(t)))
