import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { Parser, type Result } from 'tap-parser'
import { type Counts, RunReport } from './run-report.ts'

const FAILING = fileURLToPath(new URL('failing-tests.js', import.meta.url))
const FILE = '.build/test/some.test.js'
const PLACE = /^not ok: test\/support\/reporter\/failing-tests\.ts:\d+:\d+$/

/** What is reported of a file: the text of each failure or skipped test. */
async function reportOf(script: string): Promise<{ texts: string[]; counts: Counts }> {
  const texts: string[] = []
  const report = new RunReport((text) => texts.push(text))
  const parser = new Parser()
  report.begin(FILE, parser)
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('TAP'))
  // tap's own limit is too short for a long diff on a busy machine.
  const env = { ...Object.fromEntries(others), TAP_TIMEOUT: '120' }
  const child = spawn(process.execPath, ['--enable-source-maps', script], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  child.stdout.pipe(parser)
  await once(parser, 'complete')
  const runner = new Parser()
  runner.on('assert', (result: Result) => report.end(result.name, result))
  runner.end(`not ok 1 - ${FILE}\n  ---\n  exitCode: 1\n  ...\n1..1\n`)
  return { texts, counts: report.counts }
}

t.test('each failure is shown once, with its place, its name and a short diff', async (t) => {
  const { texts, counts } = await reportOf(FAILING)
  t.strictSame(counts, { passed: 2, failed: 7, skipped: 1 })
  t.equal(texts.length, 8)
  const [table, oneByte, noDiff, short, oracle, long, slow, skipped] = texts.map((text) =>
    text.trimEnd().split('\n'),
  )
  t.match(table?.[0], PLACE)
  t.strictSame(table?.slice(1), [
    '  a table > two',
    '  - expected',
    '  + actual',
    '     1,',
    '     2,',
    '  -  3,',
    '  +  4,',
    '   ]',
  ])
  t.strictSame(oneByte?.slice(1), [
    '  bytes > one byte',
    '  - expected',
    '  + actual',
    '  the bytes differ from offset 70000 on',
    `  -  1160: ${'0101 '.repeat(16).trimEnd()}`,
    `  +  1160: ${'0101 '.repeat(8)}0901 ${'0101 '.repeat(7).trimEnd()}`,
  ])
  t.strictSame(noDiff?.slice(1), ['  bytes > no diff', "  t.ok(OTHER.equals(CONTENT), 'no diff')"])
  t.ok((short?.length ?? 99) < 12, `${short?.length} lines`)
  t.match(oracle?.[0], PLACE)
  t.equal(oracle?.[1], '  an oracle > by examples > whole for 0-4')
  t.equal(long?.[1], '  a long string > should be equal')
  t.match(long?.at(-1), /^ {2}\+…a{40}b \(5001 characters\)$/)
  t.match(slow?.slice(0, 2), ['not ok: test/some.test.ts', '  too slow > timeout!'])
  t.strictSame(skipped, ['skipped: test/some.test.ts > not here (no such program)'])
})

t.test('a file that fails without a failed test is shown by itself', async (t) => {
  const { texts, counts } = await reportOf('/dev/null')
  t.strictSame(texts, ['not ok: test/some.test.ts\n  exitCode: 1\n'])
  t.equal(counts.failed, 1)
})
