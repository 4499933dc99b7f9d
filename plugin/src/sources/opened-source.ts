import type { FastifyBaseLogger } from 'fastify'
import { checkedRepresentation } from './checked-representation.ts'
import { closeOnce } from './close-once.ts'
import { unlessGivenUp } from './given-up.ts'
import { guardedRepresentation } from './guarded-source.ts'
import type { RangeSource, Representation } from './source.ts'
import { openFailure } from './source-checks.ts'

/** What goes with one answer. */
export interface SourceContext {
  /** Aborted when the response is over. */
  readonly signal: AbortSignal
  readonly log: FastifyBaseLogger
}

/**
 * Opens a representation of a source. What comes back is ours: nothing else calls into the source, which may throw or
 * reject with anything, and give anything back.
 *
 * @returns undefined for what is not there
 * @throws SendRangeError `ERR_RANGE_SOURCE`; an Error with the status of an answer that `open` throws, as it is
 */
export async function openSource(
  source: RangeSource,
  path: string,
  context: SourceContext,
): Promise<Representation | undefined> {
  const { signal, log } = context
  let opening: unknown
  try {
    opening = source.open(path, { signal })
    const opened: unknown = await unlessGivenUp(opening, signal)
    return opened === undefined
      ? undefined
      : guardedRepresentation(checkedRepresentation(opened, log), signal)
  } catch (thrown) {
    if (signal.aborted) void closeLate(opening, log)
    throw openFailure(thrown)
  }
}

/** Closes what a source opens after the answer was given up. */
async function closeLate(opening: unknown, log: FastifyBaseLogger): Promise<void> {
  try {
    const opened = await opening
    if (opened === undefined) return
    const representation = checkedRepresentation(opened, log)
    await closeOnce(() => representation.close(), log)()
  } catch {
    // Nobody wants it any more.
  }
}
