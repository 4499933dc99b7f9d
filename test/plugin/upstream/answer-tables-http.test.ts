import { encodePath, httpSource } from 'fastify-send-range/http'
import t from 'tap'
import { runAnswerTables } from '../support/answer-tables.ts'
import { Origin } from './support/origin.ts'

const origin = await Origin.start(t)

await runAnswerTables(({ files, prefix }) => {
  for (const { name, bytes, modified } of files)
    origin.objects.set(`/${prefix}${name}`, { bytes, etag: '"v"', lastModified: modified.toUTCString() })
  return httpSource({ url: (path) => `${origin.url}/${prefix}${encodePath(path)}` })
})
