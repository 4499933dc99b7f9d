// Holds the files of a package against its table of wings.
import { posix } from 'node:path'
import type { Layout } from './wings.ts'

/** The paths of files below `src/`, and what each imports of the others. */
export type Files = ReadonlyMap<string, readonly string[]>

/** What in `files` or in the table is not as it should be. */
export function faultsIn(files: Files, layout: Layout): string[] {
  const missing = layout.top
    .filter((name) => !files.has(name))
    .map((name) => `the table: there is no ${name}`)
  return [
    ...backwardsIn(layout),
    ...missing,
    ...[...files.keys()].flatMap((name) => misplaced(name, layout)),
    ...importFaults(files, layout),
  ]
}

/** What the table allows, although the wing comes later or does not exist. */
function backwardsIn({ top, wings }: Layout): string[] {
  const order = Object.keys(wings)
  return Object.entries(wings).flatMap(([wing, { mayImport }], at) =>
    mayImport
      .filter((each) => !top.includes(each) && !order.slice(0, at).includes(each.replace(/\/.*/, '')))
      .map((each) => `the table: ${wing} may not import ${each}, which is not before it`),
  )
}

function misplaced(name: string, { top, wings }: Layout): string[] {
  if (wings[wingOf(name)] === undefined) return top.includes(name) ? [] : [`${name} is in no wing`]
  return name.endsWith('/index.ts') ? [`${name} is an index file in a wing`] : []
}

/** Imports that the table does not allow, and what it allows in vain. */
function importFaults(files: Files, { wings }: Layout): string[] {
  const faults: string[] = []
  const unused = new Set<string>()
  for (const [wing, { mayImport }] of Object.entries(wings))
    for (const each of mayImport) unused.add(`the table: ${wing} may import ${each}, and does not`)
  for (const [name, imports] of files) {
    const wing = wingOf(name)
    const mayImport = wings[wing]?.mayImport
    if (mayImport === undefined) continue
    for (const next of imports.filter((each) => wingOf(each) !== wing)) {
      const allowed = mayImport.filter((each) => each === next || each === wingOf(next))
      if (allowed.length === 0) faults.push(`${name} imports ${next}`)
      for (const each of allowed) unused.delete(`the table: ${wing} may import ${each}, and does not`)
    }
  }
  return [...faults, ...unused]
}

/** The wing that a file is in, or `''` for a file beside the wings. */
function wingOf(name: string): string {
  return name.includes('/') ? posix.dirname(name) : ''
}
