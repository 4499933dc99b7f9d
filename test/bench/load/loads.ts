import { randomNumbers } from '../pattern.ts'
import type { Work } from '../workloads.ts'
import { type Probed, probe } from './probe.ts'
import type { Load } from './protocol.ts'
import { rangeValue, stretchesOf } from './range-field.ts'

/** The load of one kind of work for one server. Each server has its own entity-tags and multipart lengths. */
export async function loadOf(
  work: Work,
  port: number,
  path: string = work.path,
): Promise<Omit<Load, 'durationMs'>> {
  const { files, connections, ranges, status, transport = 'http' } = work
  const headers: Record<string, string> = {}
  if (work.condition === 'if-none-match') {
    const { headers: fields } = await probe({ port, path, headers: {} })
    if (fields.etag === undefined) throw new Error(`${path} has no ETag to ask with`)
    headers['if-none-match'] = fields.etag
  }
  const expected = { status, length: work.length ?? 0 }
  const load = { transport, port, path, files, connections, ranges, headers, expected }
  if (work.length !== undefined) return load
  const { content } = await probeOf(load)
  return { ...load, expected: { status, length: content.length } }
}

/** The answer to one request of a load. */
export function probeOf({ port, path, headers, ranges }: Omit<Load, 'durationMs'>): Promise<Probed> {
  const stretches = stretchesOf(ranges, randomNumbers(1))
  const range: Record<string, string> = stretches.length === 0 ? {} : { range: rangeValue(stretches) }
  return probe({ port, path, headers: { ...headers, ...range } })
}
