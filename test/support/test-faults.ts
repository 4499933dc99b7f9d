// Holds the places of the tests of a package against its sources and its table of wings.
import { posix } from 'node:path'
import type { Layout } from './wings.ts'

const TEST = '.test.ts'

/** Tests of what a package exports have no source of their own. */
const TYPES = 'types.test.ts'

/**
 * What is wrong with the places of `tests`, by their paths below the package's folder of tests. `sources` are the
 * paths below `src/`. A test of a source has the source's path. Any other test is in the folder of the wing that it is
 * about, or in a suite.
 */
export function testFaultsIn(
  tests: readonly string[],
  sources: ReadonlySet<string>,
  layout: Layout,
): string[] {
  const known = new Set(tests)
  return tests.flatMap((test) => {
    if (sources.has(sourceOf(test)) || test === TYPES) return []
    const folder = posix.dirname(test)
    if (folder === '.') return [`${test} has the name of no file beside the wings`]
    if (layout.wings[folder] === undefined && !layout.suites.includes(folder))
      return [`${test} is in the folder of no wing and of no suite`]
    const untested = namesakesOf(test, sources).filter((source) => !known.has(testOf(source)))
    return untested.map((source) => `${test} has the name of ${source}, which has no test`)
  })
}

/** Sources of other folders that have the name of this test. */
function namesakesOf(test: string, sources: ReadonlySet<string>): string[] {
  const name = posix.basename(sourceOf(test))
  return [...sources].filter((source) => posix.basename(source) === name)
}

function sourceOf(test: string): string {
  return `${test.slice(0, -TEST.length)}.ts`
}

function testOf(source: string): string {
  return `${source.slice(0, -'.ts'.length)}${TEST}`
}
