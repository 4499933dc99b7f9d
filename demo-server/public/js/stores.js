import { IndexedStore } from './store-indexed.js'
import { OriginStore } from './store-origin.js'
import { PickedStore } from './store-picked.js'

/**
 * Where a download is kept. Each store holds one growing file:
 * `open()`, `size()` in bytes that are safe on disk, `write(offset, bytes)`, `commit()`, `reset()`, `file()` as a Blob,
 * `close()`. Each `write` begins where the one before ended. The class has `isAvailable`, and `kept()`, the number
 * of bytes from an earlier visit.
 */
const STORES = [OriginStore, PickedStore, IndexedStore]

/** The stores that this browser supports, the best one first. */
export function availableStores() {
  return STORES.filter((store) => store.isAvailable)
}
