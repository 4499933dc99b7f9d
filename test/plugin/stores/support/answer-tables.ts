import type { RangeSource } from 'fastify-send-range'
import t from 'tap'
import { Bucket } from '../../../support/stores/bucket.ts'
import { storeFor } from '../../../support/stores/shared-store.ts'
import type { StoreName } from '../../../support/stores/store.ts'
import { ANSWER_TABLES, runAnswerTables, type TableFile } from '../../support/answer-tables.ts'
import { sourceOf } from './served-store.ts'

/** A type that says nothing, since the types of the answers are to follow from the names. */
const NO_TYPE = { 'content-type': 'binary/octet-stream' }

/**
 * The tables that take seconds over a real store. Ranges in no order have a request each, and a thousand of them take most
 * of a minute. `test/plugin/upstream/` has them over s3Source too.
 */
const TABLES_OF_STORES = ANSWER_TABLES.filter((table) => table !== 'unordered-ranges')

/** Runs tables with objects of a real store. The process must run nothing else. */
export async function runAnswerTablesOver(
  name: StoreName,
  tables: typeof TABLES_OF_STORES = TABLES_OF_STORES,
): Promise<void> {
  t.setTimeout(600_000)
  const store = await storeFor(t, name)
  if (store === undefined) return
  const bucket = await Bucket.make(t, store)
  await runAnswerTables(async ({ files, prefix }) => {
    for (const { name, bytes } of files) await bucket.put(`${prefix}${name}`, bytes, NO_TYPE)
    return withDates(sourceOf(bucket, { ...store, prefix }), files)
  }, tables)
}

/** A store dates its objects itself. The tests need the dates of the files. */
function withDates(objects: RangeSource, files: readonly TableFile[]): RangeSource {
  const dates = new Map(files.map(({ name, modified }) => [name, modified]))
  return {
    async open(path, context) {
      const opened = await objects.open(path, context)
      if (opened === undefined) return undefined
      return { ...opened, lastModified: dates.get(path), lastModifiedStrength: 'strong' }
    },
  }
}
