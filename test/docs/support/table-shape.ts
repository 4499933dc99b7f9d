import type { Test } from 'tap'
import { plain } from './markdown.ts'

/** What a table of a document must have, in this order. */
export interface TableShape {
  /** What its rows begin with. */
  readonly rows: readonly string[]
  /** Its columns after the first one. */
  readonly columns: readonly string[]
}

/** Checks that a table has a row for each probe and a column for each server, and no others. */
export function assertShape(
  t: Test,
  table: readonly Readonly<Record<string, string>>[],
  { rows, columns }: TableShape,
): void {
  t.strictSame(
    table.map((row) => plain(row[''])),
    rows,
  )
  for (const row of table) t.strictSame(Object.keys(row).slice(1).map(plain), columns)
}
