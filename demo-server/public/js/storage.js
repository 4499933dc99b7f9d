/** In place of `localStorage` where the browser forbids it: values last as long as the page. */
class PageStorage {
  #values = new Map()

  getItem(key) {
    return this.#values.get(key) ?? null
  }

  setItem(key, value) {
    this.#values.set(key, value)
  }

  removeItem(key) {
    this.#values.delete(key)
  }
}

function browserStorage() {
  try {
    return globalThis.localStorage ?? null
  } catch {
    return null
  }
}

/** Small values that are to last longer than the page. */
export const storage = browserStorage() ?? new PageStorage()
