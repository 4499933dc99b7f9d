import t from 'tap'
import { formatDuration, formatSize } from '#client/text/quantities.js'

t.test('sizes have binary units, and times have two units at most', async (t) => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [0.4, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1024 ** 2, '1.0 MiB'],
    [1024 ** 3, '1.0 GiB'],
    [1024 ** 4, '1.0 TiB'],
    [5000 * 1024 ** 4, '5000.0 TiB'],
  ] as const)
    t.equal(formatSize(bytes), text)
  for (const [seconds, text] of [
    [0, '0s'],
    [0.1, '1s'],
    [59, '59s'],
    [59.1, '1m00s'],
    [187, '3m07s'],
    [3599, '59m59s'],
    [3600, '1h00m'],
    [7500, '2h05m'],
    [7559, '2h05m'],
    [360_000, '100h00m'],
  ] as const)
    t.equal(formatDuration(seconds), text)
})
