import { inDatabase, settled } from './database.js'

/** Pieces are collected up to this size before they are stored. One transaction for each packet would be slow. */
const PIECE = 1024 * 1024
/** The key of the number of the tab that writes: the last one that has opened the store. */
const WRITER = 'writer of pieces'

/** The key of a piece is its position, so the last piece gives the size. */
async function sizeOf(pieces) {
  const last = await settled(pieces.openCursor(null, 'prev'))
  return last ? last.key + last.value.size : 0
}

/** Keeps the download as pieces in IndexedDB, where nothing better is available. */
export class IndexedStore {
  static id = 'indexed'
  static label = 'IndexedDB'
  static get isAvailable() {
    return 'indexedDB' in self
  }

  /** The number of bytes from an earlier visit. */
  static kept() {
    return inDatabase('readonly', ({ pieces }) => sizeOf(pieces))
  }

  #writer = 0
  #gathered = []
  #gatheredFrom = 0
  #gatheredSize = 0

  open() {
    return inDatabase('readwrite', async ({ handles }) => {
      this.#writer = ((await settled(handles.get(WRITER))) ?? 0) + 1
      return settled(handles.put(this.#writer, WRITER))
    })
  }

  /** Two tabs that write would mix their pieces. */
  #ifWriter(mode, operation) {
    return inDatabase(mode, async ({ pieces, handles }) => {
      const writer = await settled(handles.get(WRITER))
      if (writer !== this.#writer) throw new DOMException('', 'NoModificationAllowedError')
      return operation(pieces)
    })
  }

  size() {
    return this.#ifWriter('readonly', sizeOf)
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
    this.#forgetGathered()
    await this.#ifWriter('readwrite', (pieces) => settled(pieces.put(piece, from)))
  }

  async reset() {
    this.#forgetGathered()
    await this.#ifWriter('readwrite', (pieces) => settled(pieces.clear()))
  }

  #forgetGathered() {
    this.#gathered = []
    this.#gatheredSize = 0
  }

  async file() {
    await this.commit()
    return new Blob(await this.#ifWriter('readonly', (pieces) => settled(pieces.getAll())))
  }

  async close() {
    await this.commit()
  }
}
