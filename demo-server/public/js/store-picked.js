import { inStore } from './database.js'
import { text } from './texts.js'

const KEY = 'big.bin'
/** The browser writes to a copy that replaces the picked file on close. A crash loses at most this many bytes. */
const COMMIT_EVERY = 8 * 1024 * 1024

/** Keeps the download in a file that the visitor picked (File System Access). */
export class PickedStore {
  static id = 'picked'
  static label = text('store.picked')
  static get isAvailable() {
    return 'showSaveFilePicker' in self
  }

  /** The number of bytes from an earlier visit. Also 0 while the page has no permission to read the file. */
  static async kept() {
    const handle = await inStore('handles', 'readonly', (store) => store.get(KEY))
    const mayRead = (await handle?.queryPermission({ mode: 'read' })) === 'granted'
    return mayRead ? (await handle.getFile()).size : 0
  }

  #handle = null
  #writable = null
  #uncommitted = 0

  async open() {
    this.#handle = (await inStore('handles', 'readonly', (store) => store.get(KEY))) ?? null
    if (this.#handle && (await this.#mayWrite())) return
    this.#handle = await self.showSaveFilePicker({ suggestedName: 'big.bin' })
    await inStore('handles', 'readwrite', (store) => store.put(this.#handle, KEY))
  }

  async #mayWrite() {
    const mode = { mode: 'readwrite' }
    return (await this.#handle.requestPermission(mode)) === 'granted'
  }

  async size() {
    return (await this.#handle.getFile()).size
  }

  async write(offset, bytes) {
    this.#writable ??= await this.#handle.createWritable({ keepExistingData: true })
    await this.#writable.write({ type: 'write', position: offset, data: bytes })
    this.#uncommitted += bytes.length
    if (this.#uncommitted >= COMMIT_EVERY) await this.commit()
  }

  async commit() {
    await this.#writable?.close()
    this.#writable = null
    this.#uncommitted = 0
  }

  async reset() {
    await this.#writable?.abort()
    this.#writable = null
    const empty = await this.#handle.createWritable({ keepExistingData: false })
    await empty.close()
  }

  async file() {
    await this.commit()
    return this.#handle.getFile()
  }

  async close() {
    await this.commit()
  }

  /** Forgets the picked file, so that the next download asks for one. */
  static forget() {
    return inStore('handles', 'readwrite', (store) => store.delete(KEY))
  }
}
