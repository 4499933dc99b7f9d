import { text } from './texts.js'

const NAME = 'big.bin'

/** Keeps the download in the browser's own disk space (OPFS), which a worker writes in place. */
export class OriginStore {
  static id = 'origin'
  static label = text('store.origin')
  static get isAvailable() {
    return Boolean(navigator.storage?.getDirectory)
  }

  /** The number of bytes from an earlier visit. */
  static async kept() {
    const folder = await navigator.storage.getDirectory()
    const handle = await folder.getFileHandle(NAME, { create: true })
    return (await handle.getFile()).size
  }

  #worker = null
  #waiting = new Map()
  #count = 0

  async open() {
    this.#worker = new Worker('/js/store-origin-worker.js', { type: 'module' })
    this.#worker.addEventListener('message', ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) resolve(result)
      else reject(Object.assign(new Error(error.message), { name: error.name }))
    })
    // Its script comes from the server, which may be gone.
    this.#worker.addEventListener('error', () => {
      this.#worker = null
      for (const { reject } of this.#waiting.values()) reject(new TypeError('no worker'))
    })
    await this.#ask('open', { name: NAME })
  }

  size() {
    return this.#ask('size')
  }

  write(offset, bytes) {
    return this.#ask('write', { offset, bytes }, [bytes.buffer])
  }

  commit() {
    return this.#ask('commit')
  }

  reset() {
    return this.#ask('reset')
  }

  async file() {
    await this.commit()
    return this.#ask('file')
  }

  async close() {
    if (!this.#worker) return
    await this.#ask('close')
    this.#worker.terminate()
    this.#worker = null
  }

  #ask(operation, details = {}, transfer = []) {
    return new Promise((resolve, reject) => {
      const id = ++this.#count
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, operation, ...details }, transfer)
    })
  }
}
