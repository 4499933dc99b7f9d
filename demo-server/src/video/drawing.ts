import { readFileSync } from 'node:fs'
import type { Picture, PictureSize } from './h264.ts'

/** Rows of five dots for each letter. The leftmost dot is the highest bit. */
const FONT = readFont()
const FONT_COLUMNS = 5
const LETTER_PITCH = FONT_COLUMNS + 1

/** A colour as a video stores it: ITU-R BT.601, limited range. Never 0. */
export interface Colour {
  luma: number
  blue: number
  red: number
}

/** Left, top, width and height in pixels. All are even, because colour has half the resolution. */
export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

/** A colour from red, green and blue of 0 to 255. */
export function colour(red: number, green: number, blue: number): Colour {
  return {
    luma: Math.round(16 + 0.257 * red + 0.504 * green + 0.098 * blue),
    blue: Math.round(128 - 0.148 * red - 0.291 * green + 0.439 * blue),
    red: Math.round(128 + 0.439 * red - 0.368 * green - 0.071 * blue),
  }
}

/** A picture to draw on. */
export class Canvas implements Picture {
  readonly luma: Uint8Array
  readonly blue: Uint8Array
  readonly red: Uint8Array
  readonly #width: number

  constructor({ width, height }: PictureSize, background: Colour) {
    this.#width = width
    this.luma = new Uint8Array(width * height).fill(background.luma)
    this.blue = new Uint8Array((width * height) / 4).fill(background.blue)
    this.red = new Uint8Array((width * height) / 4).fill(background.red)
  }

  fill({ x, y, width, height }: Rectangle, paint: Colour): void {
    for (let row = y; row < y + height; row++) {
      this.luma.fill(paint.luma, row * this.#width + x, row * this.#width + x + width)
    }
    for (let row = y / 2; row < (y + height) / 2; row++) {
      const start = (row * this.#width + x) / 2
      this.blue.fill(paint.blue, start, start + width / 2)
      this.red.fill(paint.red, start, start + width / 2)
    }
  }

  /** Writes a line of dots. `dot` is the distance between dots in pixels, a multiple of 2. The gap is 2 pixels. */
  write(line: string, { x, y, dot }: { x: number; y: number; dot: number }, paint: Colour): void {
    for (const [index, letter] of Array.from(line).entries()) {
      for (const [row, bits] of (FONT[letter] ?? []).entries()) {
        for (let column = 0; column < FONT_COLUMNS; column++) {
          if (!(bits & (1 << (FONT_COLUMNS - 1 - column)))) continue
          const left = x + (index * LETTER_PITCH + column) * dot
          this.fill({ x: left, y: y + row * dot, width: dot - 2, height: dot - 2 }, paint)
        }
      }
    }
  }
}

function readFont(): Record<string, number[]> {
  return JSON.parse(readFileSync(new URL('../../assets/dot-font.json', import.meta.url), 'utf8'))
}
