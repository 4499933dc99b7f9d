const NAME = 'fastify-send-range-demo'

/** One database for what must survive a reload: `pieces` of a download, and `handles` of picked files. */
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

/** Runs one operation on an object store. Resolves with its result when the transaction is complete. */
export async function inStore(name, mode, operation) {
  const database = await open()
  try {
    const transaction = database.transaction(name, mode)
    const done = new Promise((resolve, reject) => {
      transaction.addEventListener('complete', resolve)
      transaction.addEventListener('abort', () => reject(transaction.error))
    })
    // A full disk ends both, the operation and its transaction.
    const [result] = await Promise.all([settled(operation(transaction.objectStore(name))), done])
    return result
  } finally {
    database.close()
  }
}
