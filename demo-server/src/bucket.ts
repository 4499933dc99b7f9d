import type { RangeSource } from 'fastify-send-range'
import { s3Source } from 'fastify-send-range/s3'
import { type AccessOptions, bucketAccess } from './bucket-access.ts'
import { type BucketAddress, spelledForAws } from './bucket-address.ts'
import { reasonOf } from './bucket-failure.ts'
import { copyCommands } from './copy-commands.ts'

/** A bucket that has the files, or why it cannot serve them. */
export type OpenedBucket =
  | { readonly kind: 'open'; readonly source: RangeSource; readonly place: string }
  | { readonly kind: 'unusable'; readonly message: string }

/** What to look for. */
export interface Wanted {
  /** The folder of the same files, which can be copied into the bucket. */
  readonly folder: string
  readonly names: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** A store that is not there is found out soon. While files are served, there are more tries, and they wait longer. */
const CHECK = { retries: 1, connectTimeout: 3000, responseTimeout: 10_000 } as const

/** Looks for the files in the bucket, before anything is served from it. Never throws for what a user may have set wrong. */
export async function openBucket(address: BucketAddress, wanted: Wanted): Promise<OpenedBucket> {
  const access = bucketAccess(address, wanted.env)
  if (access.kind === 'incomplete') return { kind: 'unusable', message: access.reason }
  const { options } = access
  const place = `${spelledForAws(address)}${options.endpoint === undefined ? '' : ` at ${options.endpoint}`}`
  try {
    const missing = await missingIn(s3Source({ ...options, ...CHECK, forbidden: 'error' }), wanted.names)
    if (missing.length > 0) return { kind: 'unusable', message: lacking(place, missing, { options, wanted }) }
    // Only files that are there are served: a store that forbids one has other rights now.
    return { kind: 'open', source: s3Source({ ...options, forbidden: 'error' }), place }
  } catch (error) {
    return { kind: 'unusable', message: `cannot read ${place}: ${reasonOf(error, options)}` }
  }
}

async function missingIn(source: RangeSource, names: readonly string[]): Promise<string[]> {
  const missing: string[] = []
  for (const name of names) {
    const opened = await source.open(name, { signal: new AbortController().signal, wanted: { kind: 'head' } })
    if (opened === undefined) missing.push(name)
    else await opened.close()
  }
  return missing
}

function lacking(
  place: string,
  missing: readonly string[],
  { options, wanted }: { readonly options: AccessOptions; readonly wanted: Wanted },
): string {
  const commands = copyCommands(options, wanted)
  return [
    `${place} has no ${missing.join(', no ')}.`,
    'This server only reads. Copy its files there, with the keys of somebody who may write, by one of:',
    ...commands.map((command) => `  ${command}`),
  ].join('\n')
}
