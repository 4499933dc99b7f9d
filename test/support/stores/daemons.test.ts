import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import t from 'tap'
import { until } from '../../plugin/support/serve.ts'
import { Daemons } from './daemons.ts'
import { isRunning, nameOf } from './owner.ts'

const MODULE = new URL('./daemons.js', import.meta.url)

/** Starts a daemon, and prints its number. */
const STARTER = `
import { Daemons } from '${MODULE}'
const [, folder] = process.argv
const daemons = new Daemons(folder)
daemons.start('sleep', ['1000'])
process.stdout.write(daemons.pids.join() + '\\n')
`

t.test('a daemon ends with the process that has started it, however that ends', async (t) => {
  if (process.platform !== 'linux') {
    t.pass('a signal at the end of the parent', { skip: 'Linux only' })
    return
  }
  const folder = t.testdir()
  const starter = spawn(process.execPath, ['--input-type=module', '-e', STARTER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface(starter.stdout), 'line')
  const daemon = nameOf(Number(line))
  // From then on the kernel knows.
  await until(() => readFileSync(`/proc/${line}/comm`, 'utf8') === 'sleep\n')
  t.ok(isRunning(daemon))
  starter.kill('SIGKILL')
  await until(() => !isRunning(daemon))
})

t.test('a daemon that ends by itself is a failure, with the end of its log', async (t) => {
  const daemons = new Daemons(t.testdir())
  daemons.start('sh', ['-c', 'echo no such device; exit 3'])
  await t.rejects(
    daemons.until(async () => false),
    /^sh ended with 3:\nno such device/,
  )
})

t.test('a command that does not read its input is no failure', async (t) => {
  const daemons = new Daemons(t.testdir())
  t.equal(await daemons.run('echo', ['done'], 'x'.repeat(1_000_000)), 'done\n')
})
