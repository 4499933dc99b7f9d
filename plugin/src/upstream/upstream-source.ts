import type { FastifyBaseLogger } from 'fastify'
import { SendRangeError } from '../errors.ts'
import { isRefusal, type Refusal } from '../rules/refusal.ts'
import { assertWanted } from '../sources/given-up.ts'
import { type Opener, type Opening, ownSource } from '../sources/opener.ts'
import { refusalError } from '../sources/refused-path.ts'
import type { ReopenableRepresentation } from '../sources/reopened-reads.ts'
import type { OpenContext, RangeSource, Representation, StreamedRepresentation } from '../sources/source.ts'
import { openFailure } from '../sources/source-checks.ts'
import { checkKey } from './object-key.ts'
import { openObject } from './open-object.ts'
import { Store } from './store.ts'
import type { RequestForm, UpstreamSettings } from './upstream-settings.ts'

/**
 * A source of objects that an HTTP origin has.
 *
 * 1. `object-key` checks the path, and `locate` makes its URL.
 * 2. `open-object` asks until the store has said what is there. `first-request` says what to ask for first, by what the
 *    answer is going to need.
 * 3. `store` sends it: `leases` bounds the connections, `exchange` waits for the head, `verdict` says what it means.
 * 4. `version` pins the version: all further requests are for this one, or fail.
 * 5. `object-read` reads ranges, the first from the body that has come already. It goes on after failures.
 */
export function upstreamSource(settings: UpstreamSettings, form: RequestForm): RangeSource {
  const store = new Store(settings, form)
  const open = (path: string, context: OpenContext): Promise<Representation | undefined> =>
    openFor(store, path, context)
  return ownSource(new UpstreamOpener(store), open)
}

/** Opens for answers, without the copies and the checks of each chunk that the sources of applications need. */
class UpstreamOpener implements Opener {
  readonly dates = 'as given'
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  async open(path: string, opening: Opening): Promise<ReopenableRepresentation | Refusal> {
    const checked = checkKey(path)
    if (checked.kind === 'refused') return checked.reason
    const context = opening.ownContext()
    assertWanted(context.signal)
    try {
      const opened = await openObject(this.#store, path, context)
      if (isRefusal(opened)) return opened
      const reopen = async (): Promise<Representation | undefined> => {
        const again = await this.open(path, opening)
        return isRefusal(again) ? undefined : again
      }
      // A copy of all properties costs as much as the rest of this.
      return Object.assign(opened, { reopen })
    } catch (thrown) {
      throw openFailure(thrown)
    }
  }

  async check(_log: FastifyBaseLogger): Promise<void> {}

  closeKept(): void {
    this.#store.closeKept()
  }
}

async function openFor(
  store: Store,
  path: unknown,
  context: OpenContext,
): Promise<StreamedRepresentation | undefined> {
  if (typeof path !== 'string') throw new SendRangeError('ERR_RANGE_OPTION', 'The path must be a string')
  assertWanted(context.signal)
  const checked = checkKey(path)
  const opened = checked.kind === 'refused' ? checked.reason : await openObject(store, path, context)
  // Anything can call its methods, also while another call is under way.
  if (!isRefusal(opened)) return { ...opened, read: (...given) => inOrder(opened.read(...given)) }
  const error = refusalError(opened)
  if (error !== undefined) throw error
  return undefined
}

/** Calls `next` again only when the last call has settled. */
async function* inOrder(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* chunks
}
