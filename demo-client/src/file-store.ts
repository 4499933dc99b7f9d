// The store of a download to a file: where the part file is, and how it is made.
import { Store } from './disk/store.ts'
import type { StoreOptions } from './disk/store-options.ts'
import type { FetchContext } from './fetch-versions.ts'
import type { Settings } from './options.ts'
import { acrossServers } from './rules/same-file.ts'
import type { Servers } from './transfer/servers.ts'

/** Modes of a part file. A file that it will replace may be for its owner only. */
const OWN = 0o600
const FOR_ALL = 0o666

/** Locks the output, and finds what an earlier run has left. */
export async function openStore(
  { servers, output, settings }: Pick<FetchContext, 'servers' | 'output' | 'settings'>,
  parts: Pick<StoreOptions, 'clock' | 'onFailure'>,
): Promise<Store> {
  const place = output.isNamed ? await output.place() : null
  const store = await Store.open({
    path: place?.path ?? output.path,
    mode: place?.kind === 'file' ? OWN : FOR_ALL,
    naming: output.isNamed ? 'chosen' : 'suggested',
    key: settings.resumeKey ?? servers.first.origin.url.href,
    resume: settings.resume,
    isReadAgain: settings.checksum !== null || settings.expected !== null || settings.existing === 'update',
    signal: settings.signal,
    ...parts,
  })
  await leaveMirror(store, servers, settings)
  return store
}

/**
 * If a mirror began what is stored and only the caller's URL is left, its answers are not compared with the tag and the date of
 * the mirror. A digest still proves that both have the same file.
 */
async function leaveMirror(store: Store, servers: Servers, { mirrorTags }: Settings): Promise<void> {
  if (servers.areSeveral || store.version === null) return
  if (store.isFrom(null) || store.isFrom(servers.first.origin.url.href)) return
  store.narrow(acrossServers(store.version.validators, mirrorTags))
  if (store.joinable === null) await store.forget()
}
