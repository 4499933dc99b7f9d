// The store forgets damaged bytes, and keeps the others so that a later run can resume them.
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import t from 'tap'
import { Store } from '#client/disk/store.js'
import type { StoreOptions } from '#client/disk/store-options.js'
import { makeContent } from '../support/hostile-server.ts'

const CONTENT = makeContent(300_000)
const VALIDATORS = {
  total: CONTENT.length,
  etag: '"v1"',
  lastModified: null,
  dateIsStrong: false,
  digests: {},
}

function open(path: string): Promise<Store> {
  const options: StoreOptions = {
    path,
    mode: 0o600,
    naming: 'chosen',
    key: 'http://127.0.0.1/file.bin',
    resume: 'auto',
    isReadAgain: false,
    signal: null,
    onFailure: (error) => {
      throw error
    },
  }
  return Store.open(options)
}

t.test('dropped bytes are missing, in this run and in the next one, and the others are not', async (t) => {
  const path = join(t.testdir({}), 'file.bin')
  const store = await open(path)
  await store.begin({ validators: VALIDATORS, contentType: null })
  const writer = store.write(0)
  writer.push(CONTENT)
  await store.end(writer, 'keep')
  await store.drop([
    { start: 0, end: 10 },
    { start: 100_000, end: 200_000 },
  ])
  const kept = [
    { start: 10, end: 100_000 },
    { start: 200_000, end: 300_000 },
  ].map(({ start, end }) => ({ start, end, crc: crc32(CONTENT.subarray(start, end)) }))
  t.strictSame(store.blocks, kept)
  t.equal(store.received, 199_990)
  t.equal(await store.close('stopped'), 'resumable')
  const next = await open(path)
  t.strictSame(next.blocks, kept)
  await next.close('stopped')
})
