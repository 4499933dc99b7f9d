// Which bytes can be asked for while an output takes them in order.
import t from 'tap'
import { openPart, segmentIn } from '#client/state/window.js'

t.test('a window holds two segments for each connection', async (t) => {
  const MiB = 1024 * 1024
  t.equal(segmentIn({ size: 64 * MiB }, 4), 8 * MiB)
  t.equal(segmentIn({ size: 64 * MiB + 7 }, 4), 8 * MiB, 'whole bytes')
  t.equal(segmentIn({ size: 2 * MiB }, 64), 256 * 1024, 'many connections send no more requests')
  t.equal(segmentIn({ size: 65_537 }, 64), 32_768, 'and two segments have room')
  t.equal(segmentIn({ size: 1 }, 4), 1, 'at least one')
  t.equal(segmentIn({ size: 2 ** 40 }, 4), 64 * 1024 * 1024, 'at most 64 MiB')
})

const WINDOW = { start: 10, end: 30 }

for (const [name, free, segment, isAlone, want] of [
  ['all of it, if there is room', [12, 20], 4, false, [12, 20]],
  ['all of it, up to the last byte with room', [12, 30], 4, false, [12, 30]],
  ['what there is room for', [12, 31], 18, false, [12, 30]],
  ['nothing, if there is no room for a segment', [12, 31], 19, false, null],
  ['nothing behind the window', [30, 40], 1, false, null],
  ['nothing far behind the window', [50, 60], 1, false, null],
  ['the next byte and all after it, on a connection that is alone', [10, 99], 50, true, [10, 99]],
  ['no other bytes without room, not even then', [11, 99], 50, true, null],
  ['the next byte, as any other, beside other connections', [10, 99], 20, false, [10, 30]],
] as const)
  t.test(`${name}`, async (t) => {
    const part = openPart({ start: free[0], end: free[1] }, WINDOW, { segment, isAlone })
    t.strictSame(part === null ? null : [part.start, part.end], want)
  })
