import { join } from 'node:path'
import { isRefusal, type Refusal } from '../rules/refusal.ts'
import { resolvePath } from '../rules/resolve-path.ts'
import { bufferRepresentation } from '../sources/buffer-source.ts'
import type { Negotiation } from '../sources/negotiation.ts'
import type { PositionalRepresentation } from '../sources/source.ts'
import { type DescriptionContext, describeFile } from './described-file.ts'
import type { FilePolicy } from './file-options.ts'
import { openForm } from './negotiated-file.ts'
import { readPseudoFile } from './pseudo-file.ts'

/** What a file is opened with for one answer. */
export interface FileContext extends Pick<DescriptionContext, 'store' | 'signal'> {
  /** How the answer chooses between a file and its variants. Undefined if only the file itself is sent. */
  readonly negotiation: Negotiation | undefined
}

/**
 * Opens a file below the root, in the version that it has now.
 *
 * @param path decoded, relative to the root
 * @returns a reason if there is nothing to serve
 * @throws SendRangeError the errors of opening
 */
export async function openRepresentation(
  path: string,
  policy: FilePolicy,
  { store, signal, negotiation }: FileContext,
): Promise<PositionalRepresentation | Refusal> {
  const resolved = resolvePath(path, policy.dotfiles)
  if (resolved.kind === 'refused') return resolved.reason
  const file = await store.cache.open({ root: policy.root, path: join(policy.root, ...resolved.segments) })
  if (isRefusal(file)) return file
  try {
    const pseudo = await readPseudoFile(file)
    if (pseudo !== undefined) {
      file.release()
      return bufferRepresentation(pseudo, { acceptRanges: 'none' })
    }
    const context = { path, policy, store, signal }
    const form = negotiation === undefined ? undefined : await openForm(file, context, negotiation)
    return form ?? (await describeFile(file, context))
  } catch (error) {
    file.release()
    throw error
  }
}
