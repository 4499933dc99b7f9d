import type { RangeSource } from 'fastify-send-range'
import { serveFiles } from '../../support/ways-to-serve.ts'

/** Suites of whole answers: conditions, ranges, 416, several parts, HEAD. They do not depend on files being files. */
const SUITES = ['answers', 'many-ranges', 'repeated-fields', 'methods']

/**
 * Runs the suites of whole answers over a source, with the same expected answers as for files on disk. The process must run
 * nothing else.
 *
 * @param sourceOf makes a source that has what is below a folder. Files are written and dated there after it was made
 */
export async function runAnswerSuites(sourceOf: (root: string) => RangeSource): Promise<void> {
  serveFiles(({ root, dotfiles, maxOpenFiles, ...options }) => ({
    ...options,
    source: sourceOf(String(root)),
  }))
  for (const suite of SUITES) await import(`../../http/${suite}.test.js`)
}
