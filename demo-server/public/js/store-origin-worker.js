/** Only a worker can write a page's own files in place. What is written stays even if the page crashes. */
let file
let handle

const operations = {
  async open({ name }) {
    const folder = await navigator.storage.getDirectory()
    file = await folder.getFileHandle(name, { create: true })
    try {
      handle = await file.createSyncAccessHandle()
    } catch (error) {
      if (error.name !== 'NoModificationAllowedError') throw error
      throw new Error('Another tab is downloading this file.')
    }
  },
  size: () => handle.getSize(),
  write({ offset, bytes }) {
    if (handle.write(bytes, { at: offset }) !== bytes.length) throw new Error('The disk is full.')
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
    self.postMessage({ id, error: error.message })
  }
})
