import { setTimeout as sleep } from 'node:timers/promises'
import { LARGE_NAME, SMALL_NAME } from '../fixtures.ts'
import type { LoadGenerator } from '../load/load-generator.ts'
import { formatBytes } from '../report/format.ts'
import type { Table } from '../report/table.ts'
import { type ContenderName, LABELS } from '../servers/contender.ts'
import { nginxVersion, startNginx } from '../servers/nginx.ts'
import { type Server, startNodeServer } from '../servers/server.ts'
import { residentBytes } from './process-usage.ts'

const CLIENTS = 2000
const MORE_CLIENTS = 4000
const KIB = 1024
/** The work that a server does before and after the stalled clients. */
const OTHER_CONNECTIONS = 32
const OTHER_MS = 2000
const POLL_MS = 500
/** Memory is stable if it changes by less than this between two measurements. */
const STEADY_BYTES = 256 * KIB
const SETTLE_LOOKS = 30
const LEAVE_MS = 5000

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
  /** With {@link CLIENTS}. */
  readonly stalled: number
  readonly after: number
  /** With the same number of clients stalled again. */
  readonly again: number
  /** With {@link MORE_CLIENTS} beside them. */
  readonly more: number
}

/** How much server memory clients cost that stop reading in the middle of a file, and whether it is freed. */
export async function measureStalledClients(root: string, generator: LoadGenerator): Promise<Table> {
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
        const { before, stalled, after, again, more } = await watch(server, generator, stalling)
        const first = (stalled - before) / CLIENTS
        const further = (more - again) / MORE_CLIENTS
        const label = `${LABELS[name]}, ${stalling.name} (${formatBytes(stalling.readBytes)})`
        rows.push([label, ...[first, further, before, stalled, after, again, more].map(formatBytes)])
      } finally {
        await server.stop()
      }
    }
  }
  return {
    title: `${CLIENTS} clients that stop reading a 1 GiB file`,
    columns: [
      '',
      'resident memory each',
      `each of ${MORE_CLIENTS} more`,
      'before',
      'stalled',
      'after they left',
      'stalled again',
      `with ${MORE_CLIENTS} more`,
    ],
    rows,
    notes: [
      'Goal: at most 48 KiB each. Each row has its own server, which answers other requests before and after.',
      'The cost of the first clients includes memory that the process shares, and garbage not yet collected.',
    ],
  }
}

async function watch(
  server: Server,
  generator: LoadGenerator,
  { range, readBytes }: Stalling,
): Promise<Resident> {
  const { port, pid } = server
  const expected = { status: 200, length: 8 * KIB }
  const others = { port, path: `/${SMALL_NAME}`, headers: {}, ranges: { kind: 'none' }, expected } as const
  const serve = async (): Promise<void> => {
    await generator.connect({ ...others, connections: OTHER_CONNECTIONS, durationMs: OTHER_MS })
    await generator.go()
  }
  await serve()
  const before = await settled(pid)
  const stall = async (connections: number): Promise<number> => {
    await generator.stall({ port, path: `/${LARGE_NAME}`, connections, range, readBytes })
    return settled(pid)
  }
  const stalled = await stall(CLIENTS)
  await generator.release()
  await sleep(LEAVE_MS)
  // An idle server does not collect its garbage.
  await serve()
  const after = await settled(pid)
  const again = await stall(CLIENTS)
  const more = await stall(MORE_CLIENTS)
  await generator.release()
  return { before, stalled, after, again, more }
}

async function settled(pid: number): Promise<number> {
  let last = residentBytes(pid)
  for (let look = 0; look < SETTLE_LOOKS; look++) {
    await sleep(POLL_MS)
    const now = residentBytes(pid)
    if (Math.abs(now - last) < STEADY_BYTES) return now
    last = now
  }
  return last
}
