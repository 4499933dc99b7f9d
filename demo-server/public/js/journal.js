/** What is needed to resume an unfinished download: its version and its full size. */
export class Journal {
  #key

  constructor(storeId) {
    this.#key = `big.bin in ${storeId}`
  }

  /** @returns {{ etag: string, total: number } | null} */
  read() {
    return JSON.parse(localStorage.getItem(this.#key) ?? 'null')
  }

  write(version) {
    localStorage.setItem(this.#key, JSON.stringify(version))
  }

  clear() {
    localStorage.removeItem(this.#key)
  }
}
