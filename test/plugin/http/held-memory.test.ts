import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { truncate } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'

const KIB = 1024
const FILE_BYTES = 64 * KIB * KIB
const GOAL = 48 * KIB
/** The first clients also fill memory that the process has only once, for any number of clients. */
const FIRST_CLIENTS = 200
/** Each has some MiB in buffers of the system. If these run short, it resets connections of other tests too. */
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

interface Stalling {
  readonly name: string
  readonly fields: string
  /** Bytes that a client has read when it stops. */
  readonly readBytes: number
}

const ranges = Array.from({ length: 900 }, (_, index) => `${index * 10_000}-${index * 10_000 + 4999}`)

const STALLINGS: readonly Stalling[] = [
  { name: 'the whole file, after 64 KiB', fields: '', readBytes: 64 * KIB },
  { name: 'the whole file, after 1 MiB', fields: '', readBytes: KIB * KIB },
  { name: '900 ranges', fields: `Range: bytes=${ranges}\r\n`, readBytes: 64 * KIB },
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

/** Settles when a new client has read as much as it will. */
function stall(t: Test, port: number, { fields, readBytes }: Stalling): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    t.teardown(() => socket.destroy())
    let received = 0
    socket.on('data', (bytes) => {
      received += bytes.length
      if (received < readBytes) return
      socket.pause()
      resolve()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The server closed the connection')))
    socket.write(`GET /files/large.bin HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`)
  })
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

for (const stalling of STALLINGS) {
  t.test(`a client that stops reading ${stalling.name} costs at most 48 KiB of memory`, async (t) => {
    const port = await startServer(t)
    const stallAll = async (count: number): Promise<number> => {
      for (let left = count; left > 0; left -= AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, () => stall(t, port, stalling)))
      }
      return heldBytes(port, count * STEADY_BYTES)
    }
    const first = await stallAll(FIRST_CLIENTS)
    const each = ((await stallAll(MORE_CLIENTS)) - first) / MORE_CLIENTS
    t.comment(`${(each / KIB).toFixed(1)} KiB each`)
    t.ok(each > 0)
    t.ok(each <= GOAL, `${(each / KIB).toFixed(1)} KiB each`)
  })
}
