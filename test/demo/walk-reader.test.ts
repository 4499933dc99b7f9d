// A reader of the demo's output that ends early, as in `npm run demo | head -3`.
import { readdirSync } from 'node:fs'
import t from 'tap'
import { DEMO, start, walk } from './walk-process.ts'

// Real processes, one after the other, on a machine that may be busy.
t.setTimeout(300_000)

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is for the shell
const PIPED = '"$0" "$@" | head -3; echo statuses "${PIPESTATUS[@]}"'

t.test('the demo ends without a word when its reader has ended', async (t) => {
  const dir = t.testdir({})
  const args = ['-c', PIPED, process.execPath, DEMO, '--port', '0', '--delay', '200']
  const { stdout, stderr } = await start('bash', args, dir).finished
  t.equal(stderr, '')
  const lines = stdout.split('\n')
  t.match(lines[2], /^step 2: /)
  t.equal(lines[3], 'statuses 141 0')
  t.strictSame(readdirSync(dir).sort(), ['3.txt.part', '3.txt.part.json'], 'the next run can resume')
  const url = /http:\S+(?=;)/.exec(stdout)?.[0] ?? ''
  // The server ends by itself when the demo has ended.
  while (await isThere(url)) await new Promise((resolve) => setTimeout(resolve, 20))

  const next = await walk(['--port', '0'], dir).finished
  t.equal(next.status, 0)
  t.match(next.stdout, /resuming: an earlier run received \d+ bytes/)
})

t.test('the help ends in the same way', async (t) => {
  const dir = t.testdir({})
  const args = ['-c', `exec 3>&1; { "$0" "$@"; echo "status $?" >&3; } | :`, process.execPath, DEMO, '--help']
  const { stdout, stderr } = await start('bash', args, dir).finished
  t.equal(stderr, '')
  t.match(stdout, /^status (141|0)\n$/)
})

t.test('output to a full disk is reported, and the download goes on', async (t) => {
  const dir = t.testdir({})
  const args = ['-c', 'exec "$0" "$@" >/dev/full', process.execPath, DEMO, '--port', '0']
  const { status, stderr } = await start('bash', args, dir).finished
  t.equal(status, 14)
  t.equal(stderr, 'demo: cannot write to standard output (ENOSPC)\n')
  t.strictSame(readdirSync(dir), ['3.txt'])
})

t.test('the demo needs no standard input', async (t) => {
  for (const input of ['</dev/null', '<&-']) {
    const dir = t.testdir({})
    const command = `exec "$0" "$@" ${input}`
    const args = ['-c', command, process.execPath, DEMO, '--port', '0']
    const { status, stdout, stderr } = await start('bash', args, dir).finished
    t.equal(stderr, '', input)
    t.equal(status, 0, input)
    t.notMatch(stdout, /pauses|stops/, 'without a terminal no keys are named')
  }
})

async function isThere(url: string): Promise<boolean> {
  return await fetch(`${url}/2.txt`).then(
    (response) => response.ok,
    () => false,
  )
}
