import { ContentTags } from './content-tag.ts'
import { keptDescriptors } from './descriptor-budget.ts'
import { descriptorLimit } from './descriptor-limit.ts'
import { fileDigests } from './file-digests.ts'
import { OpenFileCache } from './open-file-cache.ts'

/** What files are opened with. The roots of one registration share it. */
export interface FileStore {
  readonly cache: OpenFileCache
  readonly contentTags: ContentTags
}

/** Long enough for a file that is in demand now and then; short enough for its disk to be unmounted. */
const OPEN_FILE_IDLE_MS = 10_000

/** Short enough for a deleted file to free its space. */
const OPEN_FILE_LOOK_MS = 1000

/** @param maxOpenFiles descriptors of recently served files that are kept open, at most */
export function fileStore(maxOpenFiles: number): FileStore {
  // The sockets of clients are descriptors too, and those that are kept are only a convenience.
  keptDescriptors.limit = Math.floor(descriptorLimit() / 4)
  const cache = new OpenFileCache({
    maxFiles: maxOpenFiles,
    idleMs: OPEN_FILE_IDLE_MS,
    lookMs: OPEN_FILE_LOOK_MS,
    budget: keptDescriptors,
  })
  return { cache, contentTags: new ContentTags() }
}

/** Closes what no answer uses, and stops hashing what nobody else wants. */
export function closeKept(store: FileStore): void {
  store.cache.clear()
  fileDigests.leave(store)
}
