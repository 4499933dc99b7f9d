import t from 'tap'
import {
  formatDuration,
  formatShare,
  formatSize,
  formatSpeed,
  formatTimeLeft,
  formatTimeLeftShort,
} from '#client/text/quantities.js'

t.test('sizes have binary units, and four characters at most before them', async (t) => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [0.4, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1023.6, '1.0 KiB'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [102_300, '99.9 KiB'],
    [102_390, '100 KiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [1024 ** 2, '1.0 MiB'],
    [1024 ** 3, '1.0 GiB'],
    [1024 ** 4, '1.0 TiB'],
    [Number.MAX_SAFE_INTEGER, '8.0 PiB'],
  ] as const)
    t.equal(formatSize(bytes), text, String(bytes))
  t.equal(formatSpeed(1_000_000), '977 KiB/s')
  t.equal(formatShare(1_572_864, 3_145_728), '1.5 / 3.0 MiB')
  t.equal(formatShare(2048, 3_145_728), '2.0 KiB / 3.0 MiB')
})

t.test('times have one or two units', async (t) => {
  for (const [ms, text] of [
    [0, '0 s'],
    [0.2, '0.001 s'],
    [4, '0.004 s'],
    [9.4, '0.01 s'],
    [9.6, '0.01 s'],
    [150, '0.15 s'],
    [994, '0.99 s'],
    [995, '1 s'],
    [1000, '1 s'],
    [1500, '1.5 s'],
    [9949, '9.9 s'],
    [9951, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [187_000, '3 min 7 s'],
    [3_599_000, '59 min 59 s'],
    [3_599_600, '1 h'],
    [7_500_000, '2 h 5 min'],
    [86_400_000, '1 d'],
    [360_000_000, '4 d 4 h'],
    [1e18, 'more than 1000 years'],
  ] as const)
    t.equal(formatDuration(ms), text, String(ms))
})

t.test('a time that is left is shown in whole seconds, and not as over before it is', async (t) => {
  for (const [ms, text, short] of [
    [0, '0 s', '0 s'],
    [1, '1 s', '1 s'],
    [2001, '3 s', '3 s'],
    [59_001, '1 min', '60 s'],
    [99_001, '1 min 40 s', '2 min'],
    [5_940_000, '1 h 39 min', '99 min'],
    [7_200_000, '2 h', '2 h'],
    [356_400_000, '4 d 3 h', '99 h'],
    [400_000_000, '4 d 15 h', '5 d'],
    [1e12, '11574 d 1 h', '>999 d'],
  ] as const) {
    t.equal(formatTimeLeft(ms), text, String(ms))
    t.equal(formatTimeLeftShort(ms), short, String(ms))
  }
})
