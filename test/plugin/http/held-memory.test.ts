import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { missing } from '../../docs/support/programs.ts'
import { StalledClients } from '../support/stalled-clients.ts'

const KIB = 1024
const FILE_BYTES = 64 * KIB * KIB
const GOAL = 48 * KIB
/** The first clients also fill memory that the process has only once, for any number of clients. */
const FIRST_CLIENTS = 200
const MORE_CLIENTS = 300
const AT_ONCE = 50
/** The child collects all garbage at each look, which is slow beside other tests. */
const TIMEOUT_MS = 900_000
/**
 * Memory is steady if several measurements differ by less than this for each client. They take longer than the 5 s after
 * which the plugin frees memory that it keeps for the next answers.
 */
const STEADY_BYTES = KIB
const BETWEEN_LOOKS_MS = 1500
const STEADY_LOOKS = 4
const MOST_LOOKS = 60

const ranges = Array.from({ length: 900 }, (_, index) => `${index * 10_000}-${index * 10_000 + 4999}`)

const STALLINGS = [
  { name: 'the whole file, after 64 KiB', lines: [], readBytes: 64 * KIB },
  { name: 'the whole file, after 1 MiB', lines: [], readBytes: KIB * KIB },
  { name: '900 ranges', lines: [`Range: bytes=${ranges}`], readBytes: 64 * KIB },
]

async function startServer(t: Test): Promise<number> {
  const root = t.testdir({ 'large.bin': '' })
  await truncate(join(root, 'large.bin'), FILE_BYTES)
  const child = fileURLToPath(new URL('./support/held-memory-child.js', import.meta.url))
  const server = spawn(process.execPath, ['--expose-gc', child, root], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => server.kill('SIGKILL'))
  const [printed] = (await once(server.stdout, 'data')) as [Buffer]
  return Number(printed.toString())
}

/**
 * The memory of the server once it is steady: the system takes bytes for a while after a client has stopped. The least
 * of the last looks counts, because what is more is garbage that is not freed yet.
 */
async function heldBytes(port: number, steadyBytes: number): Promise<number> {
  const looks: number[] = []
  for (let look = 0; look < MOST_LOOKS; look++) {
    await sleep(BETWEEN_LOOKS_MS)
    looks.push((await (await fetch(`http://127.0.0.1:${port}/held`)).json()) as number)
    const last = looks.slice(-STEADY_LOOKS)
    if (last.length === STEADY_LOOKS && Math.max(...last) - Math.min(...last) < steadyBytes) break
  }
  return Math.min(...looks.slice(-STEADY_LOOKS))
}

t.setTimeout(TIMEOUT_MS)
const options = { skip: await missing('python3', '--version') }

for (const { name, ...stalling } of STALLINGS) {
  t.test(`a client that stops reading ${name} costs at most 48 KiB of memory`, options, async (t) => {
    const port = await startServer(t)
    const clients = new StalledClients(t, { port, path: '/files/large.bin', ...stalling })
    const stallAll = async (count: number): Promise<number> => {
      for (let left = count; left > 0; left -= AT_ONCE) await clients.add(AT_ONCE)
      return heldBytes(port, count * STEADY_BYTES)
    }
    const first = await stallAll(FIRST_CLIENTS)
    const each = ((await stallAll(MORE_CLIENTS)) - first) / MORE_CLIENTS
    t.comment(`${(each / KIB).toFixed(1)} KiB each`)
    t.ok(each > 0)
    t.ok(each <= GOAL, `${(each / KIB).toFixed(1)} KiB each`)
  })
}
