// The steps on the disk of a small file, which is complete before its first journal is due.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { rangeGet } from '../support/command.ts'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { hookHandles } from '../support/refusals.ts'
import { get } from '../support/run.ts'

const STEPS = fileURLToPath(new URL('../support/with-steps.js', import.meta.url))

t.test('a small file needs no journal and no rename', async (t) => {
  const server = await startHostile(honest(resource(makeContent(64 * 1024))))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const steps = join(t.testdir({ steps: '', work: {} }), 'steps')
  const env = { STEPS: steps, NODE_OPTIONS: `--import ${STEPS}` }
  const { status, stderr } = await rangeGet(['-q', '-o', 'file.bin', server.url], join(dir, 'work'), env)
    .ended
  t.equal(status, 0, stderr)
  const inFolder = readFileSync(steps, 'utf8')
    .split('\n')
    .filter((line) => line.includes('file.bin'))
  t.notOk(inFolder.some((line) => line.includes('.part.json') || line.startsWith('["rename"')))
  const count = (name: string): number => inFolder.filter((line) => line.startsWith(`["${name}"`)).length
  t.strictSame({ open: count('open'), link: count('link'), rm: count('rm') }, { open: 2, link: 2, rm: 3 })
})

t.test('what a small file reads of locks and of the secret is read in one piece each', async (t) => {
  const server = await startHostile(honest(resource(makeContent(64 * 1024))))
  t.teardown(() => server.stop())
  await get(`${server.url}/first.bin`, t.testdir({})) // makes the secret
  let reads = 0
  const undo = await hookHandles('read', () => reads++)
  t.teardown(undo)
  t.equal((await get(`${server.url}/file.bin`, t.testdir({}))).code, null)
  t.equal(reads, 3) // the secret; the lock, before the file gets its name and before the lock is removed
})

t.test('a small file is flushed once, and so is its folder', async (t) => {
  const server = await startHostile(honest(resource(makeContent(64 * 1024))))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  await get(`${server.url}/first.bin`, dir) // makes the secret
  let flushes = 0
  const undo = [await hookHandles('sync', () => flushes++), await hookHandles('datasync', () => flushes++)]
  t.teardown(() => undo.map((each) => each()))
  t.equal((await get(`${server.url}/file.bin`, t.testdir({}))).code, null)
  t.equal(flushes, 2)
})
