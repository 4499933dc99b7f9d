import { storage } from './storage.js'

/** What is needed to resume an unfinished download: its version and its full size. */
export class Journal {
  #key

  constructor(storeId) {
    this.#key = `big.bin in ${storeId}`
  }

  /** @returns {object | null} the validators of the version, as range-get's rules have them. Null if what is stored is not that. */
  read() {
    try {
      const version = JSON.parse(storage.getItem(this.#key))
      return version?.digests ? version : null
    } catch {
      return null
    }
  }

  write(version) {
    storage.setItem(this.#key, JSON.stringify(version))
  }

  clear() {
    storage.removeItem(this.#key)
  }
}
