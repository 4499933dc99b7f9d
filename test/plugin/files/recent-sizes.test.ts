import t from 'tap'
import type { FileVersion } from '#plugin/files/file-version.js'
import { RecentSizes } from '#plugin/files/recent-sizes.js'

/** A version of a file of some size. */
const sized = (size: bigint, identity: Partial<FileVersion> = {}): FileVersion =>
  ({ dev: 1n, ino: 2n, birthtimeNs: 3n, size, ...identity }) as FileVersion

t.test('a file that was shorter a moment ago grows', async (t) => {
  const sizes = new RecentSizes()
  t.equal(sizes.isGrowth(sized(1n)), false, 'seen for the first time')
  t.equal(sizes.isGrowth(sized(2n)), true)
  t.equal(sizes.isGrowth(sized(2n)), false, 'as long as before')
  t.equal(sizes.isGrowth(sized(1n)), false, 'shorter than before')
})

t.test('a new file with the inode number of a removed one has not grown', async (t) => {
  const sizes = new RecentSizes()
  sizes.isGrowth(sized(0n))
  t.equal(sizes.isGrowth(sized(5n, { birthtimeNs: 4n })), false)
})

t.test('files of other numbers are other files', async (t) => {
  const sizes = new RecentSizes()
  sizes.isGrowth(sized(0n))
  t.equal(sizes.isGrowth(sized(5n, { ino: 7n })), false, 'inode number')
  t.equal(sizes.isGrowth(sized(5n, { dev: 7n })), false, 'device')
})
