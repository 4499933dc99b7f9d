import t from 'tap'
import { HostCounts } from '#client/batch/host-counts.js'

t.test('files are counted by host', async (t) => {
  const counts = new HostCounts()
  counts.add('a')
  counts.add('a')
  counts.add('b')
  t.strictSame(
    ['a', 'b', 'c'].map((host) => counts.of(host)),
    [2, 1, 0],
  )
  counts.remove('a')
  counts.remove('b')
  t.strictSame(
    ['a', 'b', 'c'].map((host) => counts.of(host)),
    [1, 0, 0],
  )
})
