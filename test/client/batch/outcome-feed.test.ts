import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { OutcomeFeed } from '#client/batch/outcome-feed.js'

async function readAll(feed: OutcomeFeed<number>): Promise<number[]> {
  const found: number[] = []
  for await (const each of feed.read()) found.push(each)
  return found
}

t.test('a reader gets every outcome, before and after it waits', async (t) => {
  const feed = new OutcomeFeed<number>(9, () => undefined)
  const reading = readAll(feed)
  feed.add(1)
  feed.add(2)
  await turn()
  feed.add(3)
  feed.end()
  t.strictSame(await reading, [1, 2, 3])
})

t.test('it is full while a reader is behind', async (t) => {
  let reads = 0
  const feed = new OutcomeFeed<number>(2, () => reads++)
  const reader = feed.read()
  feed.add(1)
  t.notOk(feed.isFull)
  feed.add(2)
  t.ok(feed.isFull)
  t.equal((await reader.next()).value, 1)
  t.notOk(feed.isFull)
  t.equal(reads, 1)
})

t.test('without a reader, outcomes are dropped, and it is never full', async (t) => {
  const feed = new OutcomeFeed<number>(1, () => undefined)
  for (let each = 0; each < 10; each++) feed.add(each)
  t.notOk(feed.isFull)
  feed.end()
  t.strictSame(await readAll(feed), [])
})

t.test('a reader that leaves holds nothing up', async (t) => {
  let reads = 0
  const feed = new OutcomeFeed<number>(1, () => reads++)
  const reader = feed.read()
  feed.add(1)
  await reader.next()
  feed.add(2)
  t.ok(feed.isFull)
  await reader.return()
  t.notOk(feed.isFull)
  t.equal(reads, 2)
})

t.test('two readers share the outcomes, and both end', async (t) => {
  const feed = new OutcomeFeed<number>(9, () => undefined)
  const both = [readAll(feed), readAll(feed)]
  await turn()
  feed.add(1)
  await turn()
  feed.add(2)
  await turn()
  feed.end()
  t.strictSame((await Promise.all(both)).flat().sort(), [1, 2])
})
