import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fstatSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { DescriptorBudget } from '#plugin/files/descriptor-budget.js'
import type { OpenFile } from '#plugin/files/open-file.js'
import { OpenFileCache } from '#plugin/files/open-file-cache.js'
import { isRefusal } from '#plugin/rules/refusal.js'

const LIMIT = 128
const FILES = 40
const CLIENTS = 25

const skip = process.platform !== 'linux' && 'only Linux reports the limit'

function folder(t: Test): string {
  return t.testdir(Object.fromEntries(Array.from({ length: FILES }, (_, index) => [String(index), 'x'])))
}

interface Answer {
  readonly status: number | undefined
  readonly body: string
}

interface Server {
  ask(path: string, agent?: Agent): Promise<Answer>
}

/** A process with few descriptors and several registrations. */
async function starve(t: Test, root: string): Promise<Server> {
  const child = fileURLToPath(new URL('./support/many-registrations-child.js', import.meta.url))
  const line = `ulimit -n ${LIMIT}; exec "$0" "$1" "$2"`
  const server = spawn('sh', ['-c', line, process.execPath, child, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => server.kill('SIGKILL'))
  const [printed] = (await once(server.stdout, 'data')) as [Buffer]
  const port = Number(printed.toString())
  return {
    async ask(path, agent) {
      const request = get({ host: '127.0.0.1', port, path, ...(agent !== undefined && { agent }) })
      const [response] = await once(request, 'response')
      return { status: response.statusCode, body: await text(response) }
    },
  }
}

t.test('four registrations keep a quarter of the descriptors together', { skip }, async (t) => {
  const server = await starve(t, folder(t))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (const prefix of ['a', 'b', 'c', 'd']) {
    const answers = Array.from({ length: FILES }, (_, index) => server.ask(`/${prefix}/${index}`, agent))
    for (const { status } of await Promise.all(answers)) t.equal(status, 200)
    t.ok(Number((await server.ask('/kept', agent)).body) <= LIMIT / 4)
  }
  // Each on its own connection, all at the same time.
  const others = Array.from({ length: CLIENTS }, (_, index) => {
    const own = new Agent({ keepAlive: true })
    t.teardown(() => own.destroy())
    return server.ask(`/a/${index}`, own)
  })
  const statuses = (await Promise.all(others)).map(({ status }) => status)
  t.strictSame(statuses, new Array(CLIENTS).fill(200))
})

t.test('descriptors that one registration keeps are closed for the files of another', { skip }, async (t) => {
  const server = await starve(t, folder(t))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  t.equal((await server.ask('/b/0', agent)).status, 200)
  for (let index = 10; index < 30; index++) t.equal((await server.ask(`/a/${index}`, agent)).status, 200)
  const { body } = await server.ask('/starved/b/10', agent)
  t.strictSame(JSON.parse(body), new Array(10).fill(200), 'all at once, without one free descriptor')
})

/** Two caches with one budget. */
function twoCaches(t: Test, limit: number) {
  const root = folder(t)
  const budget = new DescriptorBudget(limit)
  const options = { maxFiles: 100, idleMs: 60_000, lookMs: 60_000, budget }
  const [first, second] = [new OpenFileCache(options), new OpenFileCache(options)]
  t.teardown(() => [first, second].map((cache) => cache.clear()))
  const open = async (cache: OpenFileCache, name: string): Promise<OpenFile> => {
    const file = await cache.open({ root, path: join(root, name) })
    if (isRefusal(file)) throw new Error(file)
    setImmediate(() => file.release())
    return file
  }
  return { budget, first, second, open }
}

/** Whether the cache has given up the file, so that its last user has closed it. */
async function isClosed(file: OpenFile): Promise<boolean> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  if (!file.retain()) return true
  file.release()
  return false
}

async function areClosed(files: readonly OpenFile[]): Promise<boolean[]> {
  const closed: boolean[] = []
  for (const file of files) closed.push(await isClosed(file))
  return closed
}

t.test('the least recently used file is closed, in any cache', async (t) => {
  const { first, second, open } = twoCaches(t, 3)
  const files = [await open(first, '0'), await open(second, '1'), await open(first, '2')]
  t.strictSame(await areClosed(files), [false, false, false])
  await open(first, '0')
  files.push(await open(first, '3'))
  t.strictSame(await areClosed(files), [false, true, false, false], 'that of the second cache')
  files.push(await open(second, '4'))
  t.strictSame(await areClosed(files), [false, true, true, false, false], 'that of the first cache')
})

t.test('a smaller limit applies at once, and a cleared cache leaves its share to others', async (t) => {
  const { budget, first, second, open } = twoCaches(t, 4)
  const files = [await open(first, '0'), await open(first, '1'), await open(second, '2')]
  budget.limit = 2
  t.strictSame(await areClosed(files), [true, false, false])
  first.clear()
  files.push(await open(second, '3'))
  t.strictSame(await areClosed(files), [true, true, false, false])
  budget.giveUpAll()
  t.strictSame(await areClosed(files), [true, true, true, true])
  const again = await open(second, '3')
  t.ok(fstatSync(again.fd).isFile(), 'a file that was given up is opened again')
})

t.test('a budget of 0 keeps no descriptor', async (t) => {
  const { first, open } = twoCaches(t, 0)
  const file = await open(first, '0')
  t.strictSame(await areClosed([file]), [true])
})
