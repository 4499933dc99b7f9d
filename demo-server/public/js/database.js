const NAME = 'fastify-send-range-demo'

/** One database for what outlives the page: `pieces` of a download, and `handles` of files that were picked. */
function open() {
  const request = indexedDB.open(NAME, 1)
  request.addEventListener('upgradeneeded', () => {
    request.result.createObjectStore('pieces')
    request.result.createObjectStore('handles')
  })
  return settled(request)
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error))
  })
}

/** Does one thing to one object store and resolves with its result once it is on disk. */
export async function inStore(name, mode, operation) {
  const database = await open()
  try {
    const transaction = database.transaction(name, mode)
    const done = new Promise((resolve, reject) => {
      transaction.addEventListener('complete', resolve)
      transaction.addEventListener('abort', () => reject(transaction.error))
    })
    const result = await settled(operation(transaction.objectStore(name)))
    await done
    return result
  } finally {
    database.close()
  }
}
