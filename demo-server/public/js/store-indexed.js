import { inStore } from './database.js'

/** Pieces are gathered to this size before they are stored: one transaction for each network packet is slow. */
const PIECE = 1024 * 1024

/** Keeps the download as pieces in IndexedDB, where nothing better is to be had. */
export class IndexedStore {
  static id = 'indexed'
  static label = 'IndexedDB'
  static get isAvailable() {
    return 'indexedDB' in self
  }

  /** Bytes that an earlier visit left. */
  static kept() {
    return new IndexedStore().size()
  }

  #gathered = []
  #gatheredFrom = 0
  #gatheredSize = 0

  async open() {}

  /** A piece is stored under the position it begins at, so the last one tells the size. */
  async size() {
    const [keys, last] = await Promise.all([
      inStore('pieces', 'readonly', (store) => store.getAllKeys()),
      this.#lastPiece(),
    ])
    return keys.length === 0 ? 0 : keys[keys.length - 1] + last.size
  }

  async #lastPiece() {
    const cursor = await inStore('pieces', 'readonly', (store) => store.openCursor(null, 'prev'))
    return cursor?.value
  }

  async write(offset, bytes) {
    if (this.#gatheredSize === 0) this.#gatheredFrom = offset
    this.#gathered.push(bytes)
    this.#gatheredSize += bytes.length
    if (this.#gatheredSize >= PIECE) await this.commit()
  }

  async commit() {
    if (this.#gatheredSize === 0) return
    const [piece, from] = [new Blob(this.#gathered), this.#gatheredFrom]
    this.#gathered = []
    this.#gatheredSize = 0
    await inStore('pieces', 'readwrite', (store) => store.put(piece, from))
  }

  async reset() {
    this.#gathered = []
    this.#gatheredSize = 0
    await inStore('pieces', 'readwrite', (store) => store.clear())
  }

  async file() {
    await this.commit()
    return new Blob(await inStore('pieces', 'readonly', (store) => store.getAll()))
  }

  async close() {
    await this.commit()
  }
}
