// How many bytes are collected for a write, and how far the journal may fall behind.
import t from 'tap'
import { isSmall, maxUnrecordedBytes, writeSizes } from '#client/disk/write-sizes.js'
import { BUFFER_BYTES } from '#client/files/buffers.js'

const MEGABYTE = 1024 * 1024

t.test(
  'a write is a share of the file, between 16 KiB and a buffer; all of one of up to 64 KiB',
  async (t) => {
    for (const [total, batch, backlog] of [
      [0, 64 * 1024, 16 * 1024],
      [64 * 1024, 64 * 1024, 16 * 1024],
      [64 * 1024 + 1, 16 * 1024, 16 * 1024],
      [4 * MEGABYTE, 16 * 1024, 16 * 1024],
      [4 * MEGABYTE + 1, 16 * 1024 + 1, 16 * 1024 + 1],
      [256 * BUFFER_BYTES, BUFFER_BYTES, BUFFER_BYTES],
      [512 * BUFFER_BYTES, BUFFER_BYTES, 2 * BUFFER_BYTES],
      [4096 * BUFFER_BYTES, BUFFER_BYTES, 4 * BUFFER_BYTES],
      [null, BUFFER_BYTES, 4 * BUFFER_BYTES],
    ] as const)
      t.strictSame(writeSizes(total), { batch, backlog }, String(total))
  },
)

t.test('a 32nd of the file may be unrecorded, and at least 16 KiB', async (t) => {
  for (const [total, most] of [
    [0, 16 * 1024],
    [MEGABYTE / 2, 16 * 1024],
    [MEGABYTE, 32 * 1024],
    [null, Number.POSITIVE_INFINITY],
  ] as const)
    t.equal(maxUnrecordedBytes(total), most, String(total))
})

t.test('a file of up to 1 MiB is small', async (t) => {
  for (const [total, expected] of [
    [0, true],
    [MEGABYTE, true],
    [MEGABYTE + 1, false],
    [null, false],
  ] as const)
    t.equal(isSmall(total), expected, String(total))
})
