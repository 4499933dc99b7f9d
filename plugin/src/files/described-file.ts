import type { Coding, Precompression } from '../rules/accept-encoding.ts'
import { formatEntityTag, parseEntityTag } from '../rules/entity-tag.ts'
import { customTag } from './etag-function.ts'
import type { FilePolicy } from './file-options.ts'
import { type FileDescription, FileRepresentation } from './file-representation.ts'
import type { FileStore } from './file-store.ts'
import type { OpenFile } from './open-file.ts'

/** What the description of an open file depends on. */
export interface DescriptionContext {
  /** As it was given to `sendRange`, also for a variant. */
  readonly path: string
  readonly policy: FilePolicy
  readonly store: FileStore
  /** The signal that is aborted when the response is over. Only a function for tags needs it. */
  readonly signal: () => AbortSignal
}

/**
 * Describes an open file by its policy. The result releases the file when it is closed.
 *
 * @param coding that of the bytes, if the file is one of several forms
 */
export async function describeFile(
  file: OpenFile,
  context: DescriptionContext,
  coding?: Coding,
): Promise<FileRepresentation> {
  const { etag, acceptRanges } = context.policy
  if (etag === 'content') {
    const opaque = await context.store.contentTags.of(file)
    // It grows: its later content is not known, so no download can continue from it.
    if (opaque === undefined)
      return new FileRepresentation(file, { growth: 'allowed', explanations: 'refused', coding, context })
    const tag = formatEntityTag({ strength: 'strong', opaque })
    // A file that is being written may be growing. It is hashed once, not again with each attempt.
    return represent(file, {
      tag,
      acceptRanges: file.settled ? acceptRanges : 'none',
      explanations: 'refused',
      coding,
      context,
    })
  }
  const { path, signal } = context
  const answer = { path, signal, coding: storedCoding(coding) }
  const tag = etag === 'stat' ? file.statTag : await customTag(file, etag, answer)
  return represent(file, { tag, acceptRanges, explanations: 'believed', coding, context })
}

function storedCoding(coding: Coding | undefined): Precompression | undefined {
  return coding === 'identity' ? undefined : coding
}

interface Description {
  readonly tag: string | undefined
  readonly acceptRanges: 'bytes' | 'none'
  readonly explanations: FileDescription['explanations']
  readonly coding: Coding | undefined
  readonly context: DescriptionContext
}

/**
 * If ranges are not accepted, the file may grow while it is sent. Then it is not known whether the bytes before its old end
 * are the same, so the tag is not strong.
 */
function represent(file: OpenFile, description: Description): FileRepresentation {
  const { acceptRanges, explanations, coding, context } = description
  const tag = tagOfForm(description)
  if (acceptRanges === 'bytes')
    return new FileRepresentation(file, { tag, growth: 'refused', explanations, coding, context })
  const parsed = tag === undefined ? undefined : parseEntityTag(tag)
  const weak = parsed === undefined ? undefined : formatEntityTag({ ...parsed, strength: 'weak' })
  return new FileRepresentation(file, { tag: weak, growth: 'allowed', explanations, coding, context })
}

/**
 * RFC 9110 §8.8.3.3: "Content codings are a property of the representation data, so a strong entity tag for a
 * content-encoded representation has to be distinct from the entity tag of an unencoded representation to prevent
 * potential conflicts during cache updates and range requests." The file of a coding may be a link to that of another,
 * and a function may know only the version. So the tag has the coding in it.
 */
function tagOfForm({ tag, coding }: Description): string | undefined {
  const stored = storedCoding(coding)
  if (stored === undefined) return tag
  const parsed = tag === undefined ? undefined : parseEntityTag(tag)
  return parsed && formatEntityTag({ ...parsed, opaque: `${parsed.opaque}-${stored}` })
}
