import { s3Source } from 'fastify-send-range/s3'
import t from 'tap'
import { runAnswerTables } from '../support/answer-tables.ts'
import { Origin } from './support/origin.ts'

const origin = await Origin.start(t)
const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' }

// `test/plugin/stores` runs most of these tables over real stores. Here all run, also without the programs of a store.
await runAnswerTables(({ files, prefix }) => {
  for (const { name, bytes, modified } of files) {
    const stored = { bytes, etag: '"v"', lastModified: modified.toUTCString() }
    origin.objects.set(`/bucket/${prefix}${name}`, stored)
  }
  return s3Source({ endpoint: origin.url, region: 'default', bucket: 'bucket', prefix, credentials })
})
