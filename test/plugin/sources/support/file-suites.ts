import { FILE_WAYS, type FileWay, passedOn, serveFiles } from '../../support/ways-to-serve.ts'

/** Suites of whole answers, all of whose files are served from the root of a registration. */
const SUITES = [
  '../../http/answers.test.js',
  '../../http/changed-version.test.js',
  '../../http/many-ranges.test.js',
  '../../files/growing-files.test.js',
  '../../files/paths.test.js',
  '../../files/special-files.test.js',
  '../../files/versions.test.js',
]

const WAYS = { ...FILE_WAYS, 'by a source that passes calls on': passedOn } as const

/** Runs the suites with files that are served in another way. The process must run nothing else. */
export async function runFileSuites(name: keyof typeof WAYS): Promise<void> {
  const way: FileWay = WAYS[name]
  serveFiles(way)
  for (const suite of SUITES) await import(suite)
}
