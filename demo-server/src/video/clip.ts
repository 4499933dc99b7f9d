import { Canvas, colour } from './drawing.ts'
import {
  encodePicture,
  frameLength,
  type PictureSize,
  pictureParameters,
  sequenceParameters,
} from './h264.ts'
import { LENGTH_PREFIX, movieHead } from './mp4.ts'

const SIZE: PictureSize = { width: 384, height: 208 }
const FRAMES_PER_SECOND = 10
const SECONDS = 30
const FRAMES = SECONDS * FRAMES_PER_SECOND

const INK = colour(15, 23, 42)
const TO_COME = colour(51, 65, 85)
const SEEN = colour(45, 125, 154)
const NOW = colour(251, 191, 36)
const PALE = colour(226, 232, 240)

const TEXT_HEIGHT = 80
const COLUMNS = 30
const CELL_PITCH = 12
const CELL = { width: 10, height: 10 }
const FRAME_BYTES = LENGTH_PREFIX + frameLength(SIZE)

/**
 * The demo's video, piece by piece. It lasts half a minute, shows a clock, and lights up one cell for each frame.
 * The pictures are not compressed, so that the file is large and a browser fetches only what it shows.
 */
export function* clip(): Generator<Buffer> {
  const head = movieHead({
    size: SIZE,
    framesPerSecond: FRAMES_PER_SECOND,
    frames: FRAMES,
    frameLength: FRAME_BYTES,
    sequenceParameters: sequenceParameters(SIZE),
    pictureParameters: pictureParameters(),
  })
  yield head
  const canvas = new Canvas(SIZE, INK)
  for (let index = 0; index < FRAMES; index++) fillCell(canvas, index, TO_COME)
  for (let index = 0; index < FRAMES; index++) yield frame(canvas, index, head.length + index * FRAME_BYTES)
}

/** Draws what differs from the previous frame and the bytes of the file that the frame is stored in. Then encodes it. */
function frame(canvas: Canvas, index: number, firstByte: number): Buffer {
  if (index > 0) fillCell(canvas, index - 1, SEEN)
  fillCell(canvas, index, NOW)
  canvas.fill({ x: 0, y: 0, width: SIZE.width, height: TEXT_HEIGHT }, INK)
  const seconds = (index / FRAMES_PER_SECOND).toFixed(1)
  canvas.write(seconds.padStart(4), { x: 12, y: 16, dot: 6 }, NOW)
  canvas.write(`${firstByte}-`, { x: 164, y: 12, dot: 4 }, PALE)
  canvas.write(`${firstByte + FRAME_BYTES - 1}`, { x: 164, y: 42, dot: 4 }, PALE)
  const nal = encodePicture(canvas, SIZE, index)
  const prefix = Buffer.alloc(LENGTH_PREFIX)
  prefix.writeUInt32BE(nal.length)
  return Buffer.concat([prefix, nal])
}

function fillCell(canvas: Canvas, index: number, paint: typeof INK): void {
  const x = 12 + (index % COLUMNS) * CELL_PITCH
  const y = TEXT_HEIGHT + Math.floor(index / COLUMNS) * CELL_PITCH
  canvas.fill({ x, y, ...CELL }, paint)
}
