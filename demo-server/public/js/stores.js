import { IndexedStore } from './store-indexed.js'
import { OriginStore } from './store-origin.js'
import { PickedStore } from './store-picked.js'

/**
 * Where a download is kept. Each store holds one growing file:
 * `open()`, `size()` in bytes that are safe on disk, `write(offset, bytes)`, `commit()`, `reset()`, `file()` as a Blob,
 * `close()`. Positions given to `write` follow on one another. The class tells `isAvailable` and `kept()`, the bytes
 * that an earlier visit left.
 */
const STORES = [OriginStore, PickedStore, IndexedStore]

/** Those that this browser has, the best first. */
export function availableStores() {
  return STORES.filter((store) => store.isAvailable)
}
