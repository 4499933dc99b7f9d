import { foreignFailure } from '../foreign-failure.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { wrongOption } from '../option-checks.ts'
import { describeRefusal, isRefusal, type Refusal } from '../rules/refusal.ts'
import { assertWanted } from './given-up.ts'
import { type Opener, openerOf, ownSource } from './opener.ts'
import type { OpenContext, RangeSource, Representation } from './source.ts'
import { isSource } from './source-checks.ts'
import { withWeakDate } from './weak-date.ts'

/**
 * A source that answers from the first of several sources that has the path. A source is asked when the one before it
 * has nothing there.
 *
 * - A source that fails ends the answer. An error is not a "not there", also where its status is 404.
 * - A path that a source refuses with another status than 404 ends the answer too. `fileSource` does that with a
 *   dotfile under `dotfiles: 'deny'`.
 * - An answer has bytes of one source only.
 * - Two sources must not give the same strong entity-tag to different bytes. A client that has the first part of one
 *   version would continue it with the other.
 * - With more than one source no download is continued by its Last-Modified, since a file of the next source may have the
 *   same date. A tag continues it.
 *
 * @example
 * const source = firstOf(fileSource({ root: '/srv/files' }), bucket)
 * fastify.get('/files/*', (request, reply) => reply.sendRange(request.params['*'], { source }))
 *
 * @param sources one or more
 * @throws SendRangeError `ERR_RANGE_OPTION` for no source, and for anything that is not a source
 */
export function firstOf(...sources: RangeSource[]): RangeSource {
  assertSources(sources)
  return ownSource(new FirstOpener(sources), (path, context) => openFirst(sources, path, context))
}

function assertSources(given: readonly unknown[]): void {
  try {
    if (given.length > 0 && given.every(isSource)) return
  } catch (thrown) {
    // A getter or a proxy may throw anything, with any message.
    given.forEach(ignoreRejection)
    throw foreignFailure('ERR_RANGE_OPTION', 'The reading of the sources', thrown)
  }
  given.forEach(ignoreRejection)
  throw wrongOption('firstOf takes one or more sources: objects with an open(path, context) method')
}

/** Reasons that say little, the one that says least first. */
const VAGUE_REASONS: readonly Refusal[] = ['not-in-source', 'missing']

function saysMore(reason: Refusal, than: Refusal): boolean {
  const [one, other] = [reason, than].map((each) => VAGUE_REASONS.indexOf(each)) as [number, number]
  return other >= 0 && (one < 0 || one > other)
}

class FirstOpener implements Opener {
  readonly #sources: readonly RangeSource[]

  constructor(sources: readonly RangeSource[]) {
    this.#sources = sources
  }

  get dates(): Opener['dates'] {
    const [only, ...others] = this.#sources
    return only === undefined || others.length > 0 ? 'weak' : openerOf(only).dates
  }

  /** Where no source has the path, the reason is the one that says most. */
  async open(...args: Parameters<Opener['open']>): Promise<Representation | Refusal> {
    let reason: Refusal = 'not-in-source'
    for (const source of this.#sources) {
      const opened = await openerOf(source).open(...args)
      if (!isRefusal(opened) || describeRefusal(opened).status !== 404) return opened
      if (saysMore(opened, reason)) reason = opened
    }
    return reason
  }

  async check(...args: Parameters<Opener['check']>): Promise<void> {
    await Promise.all(this.#sources.map((source) => openerOf(source).check(...args)))
  }

  closeKept(): void {
    for (const source of this.#sources) openerOf(source).closeKept()
  }
}

/** For a source of an application that passes calls on: what comes back is checked there. */
async function openFirst(
  sources: readonly RangeSource[],
  path: string,
  context: OpenContext,
): Promise<Representation | undefined> {
  for (const source of sources) {
    assertWanted(context.signal)
    const opened = await source.open(path, context)
    if (opened !== undefined) return sources.length > 1 ? withWeakDate(opened) : opened
  }
  return undefined
}
