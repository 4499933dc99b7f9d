import type { DownloadProgress } from 'range-get'
import t from 'tap'
import { batchNumbers } from '#client/batch/batch-counts.js'

const NONE = { done: 0, failed: 0, doneBytes: 0, failedBytes: 0 }
const at = (received: number, total: number | null): DownloadProgress => ({
  ...{
    state: 'downloading',
    path: null,
    received,
    resumed: 0,
    total,
    speed: null,
    eta: null,
    connections: 1,
  },
  ...{ retryIn: 0, attempt: 0, attempts: 0, message: '' },
})

t.test('while the list is not read to its end, there is no total', async (t) => {
  t.strictSame(batchNumbers({ ...NONE, done: 1, doneBytes: 5 }, [at(2, 10)], { files: null, speed: 1 }), {
    received: 7,
    total: null,
    eta: null,
  })
})

t.test('files that have not begun are as large as the others on average', async (t) => {
  const ended = { done: 2, failed: 1, doneBytes: 60, failedBytes: 7 }
  t.strictSame(batchNumbers(ended, [at(10, 40), at(1, 20)], { files: 8, speed: 10 }), {
    received: 60 + 7 + 11,
    total: 60 + 7 + 60 + 3 * 30,
    eta: (1000 * (217 - 78)) / 10,
  })
})

t.test('a file of unknown size counts as one that has not begun', async (t) => {
  t.strictSame(batchNumbers({ ...NONE, done: 1, doneBytes: 50 }, [at(10, null)], { files: 2, speed: null }), {
    received: 60,
    total: 100,
    eta: null,
  })
})

t.test('nothing is estimated from nothing', async (t) => {
  t.strictSame(batchNumbers(NONE, [], { files: 3, speed: 5 }), { received: 0, total: null, eta: null })
  t.strictSame(batchNumbers(NONE, [], { files: 0, speed: 5 }), { received: 0, total: 0, eta: 0 })
  const failed = { ...NONE, failed: 2, failedBytes: 4 }
  t.strictSame(batchNumbers(failed, [], { files: 2, speed: 0 }), { received: 4, total: 4, eta: null })
})

t.test('the total is never less than what is there', async (t) => {
  const received = 90
  t.strictSame(
    batchNumbers({ ...NONE, done: 1, doneBytes: 5 }, [at(received, null)], { files: 2, speed: null }),
    {
      received: 95,
      total: 95,
      eta: null,
    },
  )
})
