import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RangeSource } from 'fastify-send-range'
import { serveFiles } from './ways-to-serve.ts'

/**
 * The suites of `http/` that say what is answered: conditions, ranges, 416, several parts, HEAD. The answers must be the
 * same whatever source has the files.
 */
export const ANSWER_TABLES = [
  'answers',
  'connections',
  'disagreements',
  'many-ranges',
  'methods',
  'other-servers-bugs',
  'random-ranges',
  'repeated-fields',
  'unordered-ranges',
] as const

/** The other suites of `http/`, and why they do not run over every source. */
export const OTHER_SUITES: Readonly<Record<string, string>> = {
  'changed-before-first-byte': 'sources that change at a moment that the test chooses',
  'changed-version': 'sources that change at a moment that the test chooses',
  clients: 'other programs as clients',
  'connection-fields': 'what a handler sets on an answer',
  descriptors: 'descriptors of files',
  'differential-clients': 'other programs as clients',
  digests: 'hashes of files while these change',
  'held-memory': 'memory of the server',
  'http2-ends': 'streams of HTTP/2 that end early',
  'http2-sessions': 'many streams of one HTTP/2 session',
  'other-writers': 'what else writes to the connection',
  'pipelined-requests': 'what is open while a client does not read',
  reads: 'which bytes are read of a source',
  'representation-fields': 'fields that a source of the test gives',
  'time-zones': 'runs tables of dates again',
}

/** A file that a test has written. */
export interface TableFile {
  readonly name: string
  readonly bytes: Buffer
  readonly modified: Date
}

/** The files of one server. */
export interface TableFolder {
  readonly files: readonly TableFile[]
  readonly root: string
  /** Another one for each server, with a slash at its end: what names can start with in a store that all servers share. */
  readonly prefix: string
}

/** Makes a source that has the files of a folder. */
export type MakeSource = (folder: TableFolder) => RangeSource | Promise<RangeSource>

/** Runs tables over a source. The process must run nothing else. */
export async function runAnswerTables(
  make: MakeSource,
  tables: readonly (typeof ANSWER_TABLES)[number][] = ANSWER_TABLES,
): Promise<void> {
  let servers = 0
  serveFiles(({ root, dotfiles, maxOpenFiles, ...options }) => {
    const prefix = `${++servers}/`
    return { ...options, source: madeAtFirstUse(String(root), (files) => make({ ...files, prefix })) }
  })
  for (const table of tables) await import(`../http/${table}.test.js`)
}

/** Tests write and date the files after a server has been made. */
function madeAtFirstUse(
  root: string,
  make: (folder: Omit<TableFolder, 'prefix'>) => RangeSource | Promise<RangeSource>,
): RangeSource {
  let source: Promise<RangeSource> | undefined
  return {
    async open(path, context) {
      source ??= filesIn(root).then((files) => make({ root, files }))
      return (await source).open(path, context)
    },
  }
}

async function filesIn(root: string): Promise<TableFile[]> {
  const names = await readdir(root)
  return Promise.all(
    names.map(async (name) => {
      const path = join(root, name)
      return { name, bytes: await readFile(path), modified: (await stat(path)).mtime }
    }),
  )
}
