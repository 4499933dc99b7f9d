import type { FastifyBaseLogger } from 'fastify'
import { isRefusal, type Refusal } from '../rules/refusal.ts'
import { checkedRepresentation } from './checked-representation.ts'
import { closeOnce } from './close-once.ts'
import { assertWanted, unlessGivenUp } from './given-up.ts'
import { guardedRepresentation } from './guarded-source.ts'
import type { OpenContext, RangeSource, Representation } from './source.ts'
import { openFailure } from './source-checks.ts'

/** What goes with one answer. */
export interface SourceContext {
  readonly log: FastifyBaseLogger
  /** Makes the context for `open` of the source. A file needs none. */
  context(): OpenContext
}

/**
 * Opens a representation of a source, which may throw, reject with and return anything. The result is checked. All later
 * calls of the source go through it.
 *
 * @throws SendRangeError `ERR_RANGE_SOURCE`. An Error of `open` with the status of an answer is thrown as it is
 */
export async function openSource(
  source: RangeSource,
  path: string,
  answer: SourceContext,
): Promise<Representation | Refusal> {
  const { log } = answer
  const context = answer.context()
  const { signal } = context
  let opening: unknown
  try {
    assertWanted(signal)
    opening = source.open(path, context)
    const opened: unknown = await unlessGivenUp(opening, signal)
    if (opened === undefined) return 'not-in-source'
    const reopen = async (): Promise<Representation | undefined> => {
      const again = await openSource(source, path, answer)
      return isRefusal(again) ? undefined : again
    }
    return guardedRepresentation(checkedRepresentation(opened, log), { signal, reopen })
  } catch (thrown) {
    if (signal.aborted) void closeLate(opening, log)
    throw openFailure(thrown)
  }
}

/** Closes what a source opens after the answer is over. */
async function closeLate(opening: unknown, log: FastifyBaseLogger): Promise<void> {
  try {
    const opened = await opening
    if (opened === undefined) return
    const representation = checkedRepresentation(opened, log)
    closeOnce(() => representation.close(), log)()
  } catch {
    // The answer is over, and has no use for the error.
  }
}
