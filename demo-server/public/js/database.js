const NAME = 'fastify-send-range-demo'
const STORES = ['pieces', 'handles']

/** One database for what must survive a reload: `pieces` of a download, and `handles` of picked files. */
function open() {
  const request = indexedDB.open(NAME, 1)
  request.addEventListener('upgradeneeded', () => {
    for (const name of STORES) request.result.createObjectStore(name)
  })
  return settled(request)
}

/** The result of a request. */
export function settled(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error))
  })
}

/**
 * Runs an operation on the object stores. It waits for nothing but its requests. Resolves with its result when the
 * transaction is complete.
 *
 * @param {'readonly' | 'readwrite'} mode
 * @param {(stores: { pieces: IDBObjectStore, handles: IDBObjectStore }) => Promise<unknown>} operation
 */
export async function inDatabase(mode, operation) {
  const database = await open()
  try {
    const transaction = database.transaction(STORES, mode)
    const done = new Promise((resolve, reject) => {
      transaction.addEventListener('complete', resolve)
      transaction.addEventListener('abort', () => reject(transaction.error))
    })
    const [pieces, handles] = STORES.map((name) => transaction.objectStore(name))
    // A full disk ends both, the operation and its transaction.
    const [result] = await Promise.all([operation({ pieces, handles }), done])
    return result
  } finally {
    database.close()
  }
}
