// Snapshots for readers that are faster or slower than the download.
import t from 'tap'
import type { DownloadProgress } from '#client/download-progress.js'
import { ProgressFeed } from '#client/progress/progress-feed.js'

function makeFeed() {
  let received = 0
  const feed = new ProgressFeed(() => ({ received }) as DownloadProgress)
  const change = (): void => {
    received++
    feed.changed()
  }
  return { feed, change }
}

t.test('a reader gets a snapshot at once, and the next one after a change', async (t) => {
  const { feed, change } = makeFeed()
  const snapshots = feed.snapshots()
  t.match(await snapshots.next(), { value: { received: 0 } })
  const next = snapshots.next()
  change()
  t.match(await next, { value: { received: 1 } })
})

t.test('a slow reader gets the newest snapshot, and no older ones', async (t) => {
  const { feed, change } = makeFeed()
  const snapshots = feed.snapshots()
  await snapshots.next()
  for (let i = 0; i < 5; i++) change()
  t.match(await snapshots.next(), { value: { received: 5 } })
})

t.test('every reader ends after the last snapshot', async (t) => {
  const { feed, change } = makeFeed()
  const seen: number[] = []
  const read = async (): Promise<void> => {
    for await (const { received } of feed.snapshots()) seen.push(received)
  }
  const readers = [read(), read()]
  await new Promise((resolve) => setImmediate(resolve))
  change()
  feed.end()
  await Promise.all(readers)
  t.strictSame(seen, [0, 0, 1, 1])
  await read()
  t.strictSame(seen, [0, 0, 1, 1, 1], 'a late reader gets the last snapshot')
})
