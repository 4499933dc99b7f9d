import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchOptions } from '../arguments.ts'
import { LARGE_NAME, SMALL_NAME } from '../fixtures.ts'
import type { LoadGenerator } from '../load/load-generator.ts'
import { formatBytes } from '../report/format.ts'
import type { Table } from '../report/table.ts'
import { type ContenderName, LABELS } from '../servers/contender.ts'
import { nginxVersion, startNginx } from '../servers/nginx.ts'
import { type Server, startNodeServer } from '../servers/server.ts'
import { residentBytes } from './process-usage.ts'

/** How many clients stop, and how long is waited for the memory. */
interface Crowds {
  readonly clients: number
  /** Further ones after them. */
  readonly more: number
  /** Of the work that the server does before and after them. */
  readonly otherMs: number
  /** From their leaving to that work. */
  readonly leaveMs: number
  /** At the memory, until it is steady. */
  readonly looks: number
}

const CROWDS: Readonly<Record<BenchOptions['depth'], Crowds>> = {
  quick: { clients: 500, more: 1000, otherMs: 700, leaveMs: 2000, looks: 5 },
  full: { clients: 2000, more: 4000, otherMs: 2000, leaveMs: 5000, looks: 30 },
}
const KIB = 1024
const OTHER_CONNECTIONS = 32
const POLL_MS = 500
/** Memory is stable if it changes by less than this between two measurements. */
const STEADY_BYTES = 256 * KIB

interface Stalling {
  readonly name: string
  /** The Range field, if any. */
  readonly range?: string
  /** Bytes that a client reads before it stops. With many, it first counts as a client that keeps up. */
  readonly readBytes: number
}

const STALLINGS: readonly Stalling[] = [
  { name: 'stop at once', readBytes: 64 * KIB },
  { name: 'stop later', readBytes: 1024 * KIB },
  {
    name: 'stop in 900 ranges of 5,000 bytes',
    range: `bytes=${Array.from({ length: 900 }, (_, index) => `${index * 10_000}-${index * 10_000 + 4999}`)}`,
    readBytes: 64 * KIB,
  },
]

interface Resident {
  readonly before: number
  /** With the first of {@link Crowds}. */
  readonly stalled: number
  readonly after: number
  /** With the same number of clients stalled again. */
  readonly again: number
  /** With the further ones beside them. */
  readonly more: number
}

/** How much server memory clients cost that stop reading in the middle of a file, and whether it is freed. */
export async function measureStalledClients(
  root: string,
  generator: LoadGenerator,
  depth: BenchOptions['depth'],
): Promise<Table> {
  const crowds = CROWDS[depth]
  const { clients, more: further } = crowds
  const servers: [ContenderName, () => Promise<Server>][] = [
    ['ours', () => startNodeServer('ours', [root])],
    ['static', () => startNodeServer('fastify-static', [root])],
  ]
  if ((await nginxVersion()) !== undefined) servers.push(['nginx', () => startNginx(root, 'off')])
  const rows: string[][] = []
  for (const stalling of STALLINGS) {
    for (const [name, start] of servers) {
      // @fastify/static answers several ranges with the whole file; the field is too long for nginx.
      if (stalling.range !== undefined && name !== 'ours') continue
      const server = await start()
      try {
        const { before, stalled, after, again, more } = await watch({ server, generator, crowds }, stalling)
        const first = (stalled - before) / clients
        const each = (more - again) / further
        const label = `${LABELS[name]}, ${stalling.name} (${formatBytes(stalling.readBytes)})`
        rows.push([label, ...[first, each, before, stalled, after, again, more].map(formatBytes)])
      } finally {
        await server.stop()
      }
    }
  }
  return {
    title: `${clients} clients that stop reading a 1 GiB file`,
    columns: [
      '',
      'resident memory each',
      `each of ${further} more`,
      'before',
      'stalled',
      'after they left',
      'stalled again',
      `with ${further} more`,
    ],
    rows,
    notes: [
      'Goal: at most 48 KiB each. Each row has its own server, which answers other requests before and after.',
      'The cost of the first clients includes memory that the process shares, and garbage not yet collected. It weighs more with fewer clients.',
    ],
  }
}

interface Watched {
  readonly server: Server
  readonly generator: LoadGenerator
  readonly crowds: Crowds
}

async function watch(
  { server, generator, crowds }: Watched,
  { range, readBytes }: Stalling,
): Promise<Resident> {
  const { port, pid } = server
  const expected = { status: 200, length: 8 * KIB }
  const others = {
    transport: 'http',
    port,
    path: `/${SMALL_NAME}`,
    headers: {},
    ranges: { kind: 'none' },
    expected,
  } as const
  const serve = async (): Promise<void> => {
    await generator.connect({ ...others, connections: OTHER_CONNECTIONS, durationMs: crowds.otherMs })
    await generator.go()
  }
  await serve()
  const before = await settled(pid, crowds.looks)
  const stall = async (connections: number): Promise<number> => {
    await generator.stall({ port, path: `/${LARGE_NAME}`, connections, range, readBytes })
    return settled(pid, crowds.looks)
  }
  const stalled = await stall(crowds.clients)
  await generator.release()
  await sleep(crowds.leaveMs)
  // An idle server does not collect its garbage.
  await serve()
  const after = await settled(pid, crowds.looks)
  const again = await stall(crowds.clients)
  const more = await stall(crowds.more)
  await generator.release()
  return { before, stalled, after, again, more }
}

async function settled(pid: number, looks: number): Promise<number> {
  let last = residentBytes(pid)
  for (let look = 0; look < looks; look++) {
    await sleep(POLL_MS)
    const now = residentBytes(pid)
    if (Math.abs(now - last) < STEADY_BYTES) return now
    last = now
  }
  return last
}
