import assert from 'node:assert/strict'
import type { Wanted } from '../rules/wanted.ts'
import type { RangeSource, Representation } from '../sources/source.ts'

/** A source under test. */
export interface ContractSubject {
  /** Makes the source. Called once for each case. */
  readonly source: () => RangeSource | Promise<RangeSource>
  /** A path under which it has {@link ContractSubject.content}. */
  readonly path: string
  /**
   * 1000 bytes or more. Let no two parts of it be alike, so that bytes of a wrong place are noticed. With some megabytes,
   * clients that leave do so while the source is read.
   */
  readonly content: Uint8Array
  /** A path that it does not have. Leave out if it has every path. */
  readonly absent?: string
  /**
   * Puts other content of the same length under the path, and later the first one again. Leave out if the content cannot
   * change.
   */
  readonly replace?: (content: Uint8Array) => void | Promise<void>
  /** Called after each case. */
  readonly dispose?: (source: RangeSource) => void | Promise<void>
}

/** Opens the path of a subject, which must be there. */
export async function openSubject(
  source: RangeSource,
  { path }: ContractSubject,
  { wanted, signal = new AbortController().signal }: { wanted?: Wanted; signal?: AbortSignal } = {},
): Promise<Representation> {
  const opened = await source.open(path, { signal, wanted })
  assert.ok(opened !== undefined, `open returned undefined for ${JSON.stringify(path)}`)
  return opened
}
