import type { DownloadOptions } from 'range-get'
import type { Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { type HostileServer, type Script, startHostile } from './hostile-server.ts'
import { type End, get, names } from './run.ts'

/** What a server does, and how a download from it must end. */
export interface Scenario {
  name: string
  script: Script
  options?: DownloadOptions
  /** The content that the file must have, or the code of the failure. With `'any'` only `also` checks the end. */
  want: Buffer | string
  also?: (t: Test, end: End, server: HostileServer) => void
}

/** How a download must end, as the beginning of the name of a test. */
export function outcomeOf(want: Scenario['want'] | number): string {
  if (want === 'any') return 'a download has an end'
  if (typeof want === 'number') return `a download ends with the status ${want}`
  return typeof want === 'string' ? `a download ends with ${want}` : 'a download gets the exact file'
}

/** Downloads with `usual` options, which those of the scenario override, and checks how it ends. */
export async function play(
  t: Test,
  { script, options, want, also }: Scenario,
  usual: DownloadOptions,
): Promise<void> {
  const server = await startHostile(script)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const end = await get(`${server.url}/file.bin`, dir, { ...usual, ...options })
  if (typeof want !== 'string') {
    t.equal(end.code, null, end.message)
    sameBytes(t, end.file, want, 'the file is exact')
    t.strictSame(names(dir), ['file.bin'], 'nothing is left beside it')
  } else if (want !== 'any') {
    t.equal(end.code, want, end.message)
    t.equal(end.file, null, 'nothing under the final name')
  }
  also?.(t, end, server)
}
