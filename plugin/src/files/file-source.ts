import type { FastifyBaseLogger } from 'fastify'
import { SendRangeError } from '../errors.ts'
import { checkedOptions } from '../option-checks.ts'
import { defaultsOf, type Given } from '../option-row-types.ts'
import { isRefusal, type Refusal } from '../rules/refusal.ts'
import { assertWanted } from '../sources/given-up.ts'
import { type Opener, type Opening, ownSource } from '../sources/opener.ts'
import { refusalError } from '../sources/refused-path.ts'
import type { OpenContext, PositionalRepresentation, RangeSource } from '../sources/source.ts'
import {
  absoluteRoot,
  type CompleteFileOptions,
  FILE_OPTION_TABLE,
  type FilePolicy,
  type FileSourceOptions,
} from './file-options.ts'
import { closeKept, type FileStore, fileStore } from './file-store.ts'
import { openRepresentation } from './open-representation.ts'
import { assertFolder, checkRoot } from './root-folder.ts'

/**
 * A source of the files below a folder. The plugin makes one from its own options if no source is given. Make it once,
 * not in each request, since it keeps descriptors of recently served files open.
 *
 * What the plugin or a call sets for `root`, `dotfiles`, `etag`, `precompressed` and `acceptRanges` does not reach it, except that
 * `etag: false` and `acceptRanges: 'none'` hold for every source.
 *
 * A root that is not there is not an error, since it may come later. Until then nothing is there. A root on a network
 * file system, which may give no answer, is not looked at here. It is checked when the plugin is registered with the
 * source, and by each request.
 *
 * @example
 * const source = firstOf(fileSource({ root: '/srv/files' }), bucket)
 * fastify.get('/files/*', (request, reply) => reply.sendRange(request.params['*'], { source }))
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for an option of the wrong kind or an unknown one, and for a root that is a
 * file
 */
export function fileSource(options: FileSourceOptions = {}): RangeSource {
  const given: Given<FileSourceOptions> = checkedOptions(options, FILE_OPTION_TABLE, () => true)
  const { maxOpenFiles, ...others } = { ...defaultsOf<CompleteFileOptions>(FILE_OPTION_TABLE), ...given }
  const policy: FilePolicy = { ...others, root: absoluteRoot(others.root) }
  assertFolder(policy.root)
  const opener = new FileOpener(policy, fileStore(maxOpenFiles))
  return ownSource(opener, (path, context) => opener.openFor(path, context))
}

/** Opens files by one policy. */
export class FileOpener implements Opener {
  readonly dates = 'as given'
  readonly #policy: FilePolicy
  readonly #store: FileStore

  constructor(policy: FilePolicy, store: FileStore) {
    this.#policy = policy
    this.#store = store
  }

  open(path: string, opening: Opening): Promise<PositionalRepresentation | Refusal> {
    const wanted = forAnswer(this.#policy, opening)
    const policy = opening.attempt === 'first' ? wanted : afterChange(wanted)
    return openRepresentation(path, policy, {
      store: this.#store,
      signal: () => opening.context().signal,
      negotiation: policy.precompressed === false ? undefined : opening.negotiation(),
    })
  }

  check(log: FastifyBaseLogger): Promise<void> {
    return checkRoot(this.#policy.root, { log })
  }

  closeKept(): void {
    closeKept(this.#store)
  }

  /**
   * Opens a file for a source of an application that passes calls on, which may do anything with it. It gets the file
   * itself, never a variant: what the client accepts is not known here.
   *
   * @returns undefined for what is not there
   * @throws SendRangeError also `ERR_RANGE_PATH_INVALID` and `ERR_RANGE_PATH_FORBIDDEN`, and `ERR_RANGE_READ` if the
   * signal is aborted already
   */
  async openFor(path: unknown, context: OpenContext): Promise<PositionalRepresentation | undefined> {
    if (typeof path !== 'string') throw new SendRangeError('ERR_RANGE_OPTION', 'The path must be a string')
    assertWanted(context.signal)
    const signal = (): AbortSignal => context.signal
    const answer = { store: this.#store, signal, negotiation: undefined }
    const opened = await openRepresentation(path, this.#policy, answer)
    if (!isRefusal(opened)) return handedOut(opened)
    const error = refusalError(opened)
    if (error !== undefined) throw error
    return undefined
  }
}

/** The policy for an answer: what the plugin or a call has switched off is not done for the file. */
function forAnswer(policy: FilePolicy, { acceptRanges, usesTag }: Opening): FilePolicy {
  if (acceptRanges === 'bytes' && usesTag) return policy
  return {
    ...policy,
    etag: usesTag ? policy.etag : false,
    acceptRanges: acceptRanges === 'none' ? 'none' : policy.acceptRanges,
  }
}

/**
 * The policy for a file that has changed while its content was hashed or sent. It is likely to be growing, so it is not
 * hashed again for a tag that will not last.
 */
function afterChange(policy: FilePolicy): FilePolicy {
  return policy.etag === 'content' ? { ...policy, etag: false, acceptRanges: 'none' } : policy
}

/**
 * A file as an application gets it. It may be closed more than once, which must not count twice. The cache of its ranges
 * is left out: bytes that the application makes of the file must not get into it, nor those of the cache out.
 */
function handedOut(file: PositionalRepresentation): PositionalRepresentation {
  const {
    size,
    etag,
    lastModified,
    lastModifiedStrength,
    contentType,
    contentEncoding,
    headers,
    acceptRanges,
  } = file
  let isOpen = true
  return {
    size,
    etag,
    lastModified,
    lastModifiedStrength,
    contentType,
    contentEncoding,
    headers,
    acceptRanges,
    readAt: (target, position, signal) => file.readAt(target, position, signal),
    unchanged: async (signal) => file.unchanged === undefined || file.unchanged(signal),
    close() {
      if (isOpen) void file.close()
      isOpen = false
    },
  }
}
