/** What is needed to resume an unfinished download: its version and its full size. */
export class Journal {
  #key

  constructor(storeId) {
    this.#key = `big.bin in ${storeId}`
  }

  /** @returns {object | null} the validators of the version, as range-get's rules have them. An older page wrote fewer. */
  read() {
    const version = JSON.parse(localStorage.getItem(this.#key) ?? 'null')
    return version?.digests ? version : null
  }

  write(version) {
    localStorage.setItem(this.#key, JSON.stringify(version))
  }

  clear() {
    localStorage.removeItem(this.#key)
  }
}
