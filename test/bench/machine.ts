import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { formatBytes } from './report/format.ts'
import { peersWith } from './servers/peers.ts'

/**
 * The machine of the measurement, one fact per line.
 *
 * @param bun the command of Bun
 */
export async function describeMachine(bun: string): Promise<string[]> {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU'
  const peers = await Promise.all(
    peersWith(bun).map(async ({ program, version }) => (await version()) ?? `no ${program}: skipped`),
  )
  return [
    `${model}, ${availableParallelism()} cores, ${formatBytes(totalmem())} of memory`,
    `Linux ${release()}, Node.js ${process.versions.node}`,
    peers.join(', '),
    `load of the last minute before: ${loadavg()[0]?.toFixed(2)} (more than 0 disturbs)`,
  ]
}
