/** Only a worker can write a page's own files in place. What is written stays even if the page crashes. */
let file
let handle

const operations = {
  async open({ name }) {
    const folder = await navigator.storage.getDirectory()
    file = await folder.getFileHandle(name, { create: true })
    handle = await file.createSyncAccessHandle()
  },
  size: () => handle.getSize(),
  write({ offset, bytes }) {
    // Chromium writes what there is space for, instead of throwing.
    if (handle.write(bytes, { at: offset }) !== bytes.length) throw new DOMException('', 'QuotaExceededError')
  },
  commit: () => handle.flush(),
  reset: () => handle.truncate(0),
  file: () => file.getFile(),
  close: () => handle.close(),
}

self.addEventListener('message', async ({ data: { id, operation, ...details } }) => {
  try {
    self.postMessage({ id, result: await operations[operation](details) })
  } catch (error) {
    self.postMessage({ id, error: { name: error.name, message: error.message } })
  }
})
