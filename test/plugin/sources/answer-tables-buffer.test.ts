import { bufferSource } from 'fastify-send-range'
import { runAnswerTables } from '../support/answer-tables.ts'

await runAnswerTables(({ files }) => {
  const sources = new Map(
    files.map(({ name, bytes, modified }) => [name, bufferSource(bytes, { lastModified: modified })]),
  )
  return { open: (path, context) => sources.get(path)?.open(path, context) }
})
