import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { formatBytes } from './report/format.ts'
import { nginxVersion } from './servers/nginx.ts'

/** The machine of the measurement, one fact per line. */
export async function describeMachine(): Promise<string[]> {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU'
  return [
    `${model}, ${availableParallelism()} cores, ${formatBytes(totalmem())} of memory`,
    `Linux ${release()}, Node.js ${process.versions.node}, ${(await nginxVersion()) ?? 'no nginx: skipped'}`,
    `load of the last minute before: ${loadavg()[0]?.toFixed(2)} (more than 0 disturbs)`,
  ]
}
