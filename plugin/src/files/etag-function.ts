import { SendRangeError } from '../errors.ts'
import { foreignFailure } from '../foreign-failure.ts'
import type { Precompression } from '../rules/accept-encoding.ts'
import { formatEntityTag, isOpaqueTag, parseEntityTag } from '../rules/entity-tag.ts'
import { unlessGivenUp } from '../sources/given-up.ts'
import { mtimeMsOf } from './file-version.ts'
import type { OpenFile } from './open-file.ts'

/** What an {@link EtagFunction} gets to know about the open file. */
export interface EtagFacts {
  /** As given to `sendRange`; that of the file, if `index` or `extensions` have found it. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Ms since the epoch. */
  readonly mtimeMs: number
  /**
   * The coding of a compressed file that is sent in place of the file. `size` and `mtimeMs` are its own, `path` is that
   * of the file. The coding is added to the tag. Absent for the file itself.
   */
  readonly coding?: Precompression
}

/**
 * Makes the entity-tag of a file: a complete tag (`"v1"`, `W/"v1"`), or the text between the quotes of a strong one, or
 * `false` for none. Two files with different bytes must never get the same strong tag.
 */
export type EtagFunction = (facts: EtagFacts) => string | false | Promise<string | false>

/** The answer that a tag is for. */
export interface TaggedAnswer {
  /** As given to `sendRange`. */
  readonly path: string
  /** The signal that is aborted when the response is over. */
  readonly signal: () => AbortSignal
  /** The coding of a variant; undefined for the file itself. */
  readonly coding?: Precompression | undefined
}

/**
 * The tag that an etag function returns for a file; undefined for none. The function may take any time, until the answer
 * is over.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` if it throws, rejects, or returns something else than a tag;
 * `ERR_RANGE_READ` if the signal is aborted
 */
export async function customTag(
  file: OpenFile,
  etag: EtagFunction | false,
  { path, signal, coding }: TaggedAnswer,
): Promise<string | undefined> {
  if (etag === false) return undefined
  const known = { path, size: Number(file.version.size), mtimeMs: mtimeMsOf(file.version) }
  const facts = coding === undefined ? known : { ...known, coding }
  const made = await madeBy(etag, facts, signal())
  if (made === false) return undefined
  const isText = typeof made === 'string'
  if (isText && parseEntityTag(made) !== undefined) return made
  if (isText && isOpaqueTag(made)) return formatEntityTag({ strength: 'strong', opaque: made })
  throw new SendRangeError('ERR_RANGE_OPTION', 'The etag function must return an entity-tag or false')
}

async function madeBy(etag: EtagFunction, facts: EtagFacts, signal: AbortSignal): Promise<unknown> {
  try {
    return await unlessGivenUp(etag(facts), signal)
  } catch (thrown) {
    throw foreignFailure('ERR_RANGE_OPTION', 'The etag function', thrown)
  }
}
