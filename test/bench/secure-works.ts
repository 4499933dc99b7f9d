import { LARGE_BYTES, LARGE_NAME } from './fixtures.ts'
import type { Transport } from './load/protocol.ts'
import type { Work } from './workloads.ts'

const KIB = 1024
const MIB = 1024 * KIB
const SECURE = ['ours', 'nginx', 'go', 'caddy'] as const

/** The CPU time of nginx that ours may be, for each of the works below. */
type Bounds = readonly [small: number, medium: number, large: number]

/** The three sizes over TLS. */
function worksOver(transport: Exclude<Transport, 'http'>, bounds: Bounds): readonly Work[] {
  const words = transport === 'h2' ? 'HTTP/2 over TLS' : 'TLS, HTTP/1.1'
  const shared = { transport, path: `/${LARGE_NAME}`, condition: 'none', contenders: SECURE } as const
  const ranges = [
    { size: '64k', title: 'random 64 KiB ranges of 1 GiB', connections: 32, length: 64 * KIB },
    { size: '1m', title: 'random 1 MiB ranges of 1 GiB', connections: 8, length: MIB },
  ] as const
  const parts = ranges.map(
    ({ size, title, connections, length }, index): Work => ({
      ...shared,
      name: `${transport}-${size}`,
      title: `${words}: ${title}`,
      unit: 'request',
      connections,
      ranges: { kind: 'random', length, size: LARGE_BYTES },
      status: 206,
      length,
      goals: [{ against: 'nginx', atMost: Number(bounds[index]) }],
    }),
  )
  const whole: Work = {
    ...shared,
    name: `${transport}-1g`,
    title: `${words}: whole 1 GiB file`,
    unit: 'file',
    connections: 1,
    ranges: { kind: 'none' },
    status: 200,
    length: LARGE_BYTES,
    goals: [{ against: 'nginx', atMost: bounds[2] }],
  }
  return [...parts, whole]
}

/** The works over TLS. Each connection of HTTP/2 has one stream at a time. */
export const secureWorks: readonly Work[] = [
  ...worksOver('h2', [2.2, 2, 1.5]),
  ...worksOver('https', [2.5, 1.2, 0.7]),
]
