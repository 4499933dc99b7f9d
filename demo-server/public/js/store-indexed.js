import { inStore } from './database.js'

/** Pieces are collected up to this size before they are stored. One transaction for each packet would be slow. */
const PIECE = 1024 * 1024

/** Keeps the download as pieces in IndexedDB, where nothing better is available. */
export class IndexedStore {
  static id = 'indexed'
  static label = 'IndexedDB'
  static get isAvailable() {
    return 'indexedDB' in self
  }

  /** The number of bytes from an earlier visit. */
  static kept() {
    return new IndexedStore().size()
  }

  #gathered = []
  #gatheredFrom = 0
  #gatheredSize = 0

  async open() {}

  /** The key of a piece is its position, so the last piece gives the size. */
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
