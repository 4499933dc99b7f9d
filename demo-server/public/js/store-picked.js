import { inDatabase, settled } from './database.js'
import { text } from './texts.js'

const KEY = 'big.bin'
/** The browser writes to a copy that replaces the picked file on close. A crash loses at most this many bytes. */
const COMMIT_EVERY = 8 * 1024 * 1024

/** The file that was picked, also in an earlier visit. */
function pickedFile() {
  return inDatabase('readonly', ({ handles }) => settled(handles.get(KEY)))
}

/** Keeps the download in a file that the visitor picked (File System Access). */
export class PickedStore {
  static id = 'picked'
  static label = text('store.picked')
  static get isAvailable() {
    return 'showSaveFilePicker' in self
  }

  /** The number of bytes from an earlier visit. Also 0 while the page has no permission to read the file. */
  static async kept() {
    const handle = await pickedFile()
    const mayRead = (await handle?.queryPermission({ mode: 'read' })) === 'granted'
    return mayRead ? (await handle.getFile()).size : 0
  }

  #handle = null
  #writable = null
  #uncommitted = 0

  async open() {
    this.#handle = await pickedFile()
    if (this.#handle && (await this.#mayWrite())) return
    this.#handle = await self.showSaveFilePicker({ suggestedName: 'big.bin' })
    await inDatabase('readwrite', ({ handles }) => settled(handles.put(this.#handle, KEY)))
  }

  async #mayWrite() {
    const mode = { mode: 'readwrite' }
    return (await this.#handle.requestPermission(mode)) === 'granted'
  }

  async size() {
    return (await this.#handle.getFile()).size
  }

  async write(offset, bytes) {
    this.#writable ??= await this.#writer(true)
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
    const empty = await this.#writer(false)
    await empty.close()
  }

  /** Fails while another tab writes to the file. */
  #writer(keepExistingData) {
    return this.#handle.createWritable({ keepExistingData, mode: 'exclusive' })
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
    return inDatabase('readwrite', ({ handles }) => settled(handles.delete(KEY)))
  }
}
