/**
 * Draws files/bd_logo.png: a file as rows of byte cells, one range of them lit, and under it the header that
 * names such a range. Exactly 7877 bytes, as the curl line of the documents expects.
 *
 * node demo-server/scripts/draw-logo.mjs [OUTPUT]     (default: demo-server/files/bd_logo.png)
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { encodePng } from './png.mjs'

const SIZE = 7877
const WIDTH = 540
const HEIGHT = 258
/** Samples per pixel along each axis: what smooths the rounded corners. */
const SAMPLES = 4

const INK = [15, 23, 42]
const CELL = [45, 125, 154]
const LIT = [251, 191, 36]
const PALE = [226, 232, 240]

/** 5 × 7 dots a letter, a row a number, the leftmost dot its highest bit. */
const FONT = JSON.parse(readFileSync(new URL('../assets/dot-font.json', import.meta.url), 'utf8'))

/** A rounded rectangle to paint: left, top, width, height, radius in pixels. */
const box = (x, y, w, h, radius, colour) => ({ x, y, w, h, radius, colour })

function covers({ x, y, w, h, radius }, px, py) {
  const dx = Math.max(x + radius - px, px - (x + w - radius), 0)
  const dy = Math.max(y + radius - py, py - (y + h - radius), 0)
  return dx * dx + dy * dy <= radius * radius
}

/** The first bytes of the file, 4 rows of 18 cells; the range is lit. */
function cells() {
  const pitch = 26
  return Array.from({ length: 72 }, (_, index) => {
    const [column, row] = [index % 18, Math.floor(index / 18)]
    return box(37 + column * pitch, 36 + row * pitch, 22, 22, 5, index <= 3 ? LIT : CELL)
  })
}

/** A line of dot-matrix text; the first `pale` letters are pale, the rest lit. */
function text(line, { x, y, dot, gap, pale }) {
  const dots = []
  for (const [index, letter] of [...line].entries()) {
    for (const [row, bits] of FONT[letter].entries()) {
      for (let column = 0; column < 5; column++) {
        if (!(bits & (16 >> column))) continue
        const left = x + (index * 6 + column) * (dot + gap)
        dots.push(box(left, y + row * (dot + gap), dot, dot, 0, index < pale ? PALE : LIT))
      }
    }
  }
  return dots
}

/** Paints shapes in order over transparency, averaging `SAMPLES`² samples at each pixel of their edges. */
function paint(shapes) {
  const pixels = new Uint32Array(WIDTH * HEIGHT)
  for (const shape of shapes) {
    for (let y = Math.floor(shape.y); y < Math.ceil(shape.y + shape.h); y++) {
      for (let x = Math.floor(shape.x); x < Math.ceil(shape.x + shape.w); x++) blend(pixels, shape, x, y)
    }
  }
  return pixels
}

function blend(pixels, shape, x, y) {
  let inside = 0
  for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
    const px = x + ((sample % SAMPLES) + 0.5) / SAMPLES
    const py = y + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES
    if (covers(shape, px, py)) inside++
  }
  if (inside === 0) return
  const at = y * WIDTH + x
  pixels[at] = over(shape.colour, inside / (SAMPLES * SAMPLES), pixels[at])
}

/** The colour seen when `share` of a pixel (0 to 1) is covered by `colour` and the rest shows `below`. */
function over(colour, share, below) {
  const rest = ((below & 255) / 255) * (1 - share)
  const alpha = share + rest
  const [red, green, blue] = colour.map((value, channel) =>
    Math.round((value * share + ((below >>> (24 - 8 * channel)) & 255) * rest) / alpha),
  )
  return ((red << 24) | (green << 16) | (blue << 8) | Math.round(alpha * 255)) >>> 0
}

/** The finished file, byte for byte. */
export function drawLogo() {
  const pixels = paint([
    box(0, 0, WIDTH, HEIGHT, 28, INK),
    ...cells(),
    ...text('bytes 0-3/7877', { x: 61, y: 174, dot: 4, gap: 1, pale: 6 }),
  ])
  const comment = 'Drawn for fastify-send-range. This comment only brings the file to 7877 bytes.'
  return encodePng({ width: WIDTH, height: HEIGHT, pixels, size: SIZE, comment })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const output = process.argv[2] ?? fileURLToPath(new URL('../files/bd_logo.png', import.meta.url))
  writeFileSync(output, drawLogo())
}
