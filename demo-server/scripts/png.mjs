/** A PNG writer for drawings of at most 256 colours: just the chunks a drawing needs, and nothing but Node's zlib. */
import { constants, crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const FILTER_UP = 2
const COLOUR_INDEXED = 3
/** Length, type and checksum: what a chunk costs beside its data. */
const CHUNK_OVERHEAD = 12

/** @returns {Buffer} one chunk: length, type, data, CRC of type and data. */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(CHUNK_OVERHEAD - 4 + data.length + 4)
  frame.writeUInt32BE(data.length, 0)
  body.copy(frame, 4)
  frame.writeUInt32BE(crc32(body), frame.length - 4)
  return frame
}

function header(width, height) {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(width, 0)
  data.writeUInt32BE(height, 4)
  data.set([8, COLOUR_INDEXED, 0, 0, 0], 8)
  return chunk('IHDR', data)
}

/** Colours in the order they first appear, and each pixel as its place among them. */
function indexColours(pixels) {
  const places = new Map()
  const indexed = Uint8Array.from(pixels, (colour) => {
    if (!places.has(colour)) places.set(colour, places.size)
    return places.get(colour)
  })
  if (places.size > 256) throw new RangeError(`${places.size} colours; a palette has room for 256`)
  const colours = [...places.keys()]
  const palette = Buffer.from(
    colours.flatMap((colour) => [colour >>> 24, (colour >>> 16) & 255, (colour >>> 8) & 255]),
  )
  return { indexed, palette, alphas: Buffer.from(colours.map((colour) => colour & 255)) }
}

/** Every row as its difference to the row above, so that a flat drawing becomes runs of zeros. */
function filterRows(width, height, indexed) {
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) {
    rows[y * (width + 1)] = FILTER_UP
    for (let x = 0; x < width; x++) {
      const above = y === 0 ? 0 : indexed[(y - 1) * width + x]
      rows[y * (width + 1) + 1 + x] = indexed[y * width + x] - above
    }
  }
  return rows
}

/**
 * Encodes pixels as a PNG of exactly `size` bytes: the rest is filled by a tEXt comment, a chunk made for text
 * that every reader may skip.
 *
 * @param {{ width: number, height: number, pixels: Uint32Array, size: number, comment: string }} image
 *   pixels: 0xRRGGBBAA, rows from the top; size in bytes
 * @returns {Buffer}
 * @throws {RangeError} when the picture alone needs more than `size` bytes, or more than 256 colours
 */
export function encodePng({ width, height, pixels, size, comment }) {
  // Run-length matching only: unlike a search for matches it does not depend on the CPU that zlib was built for.
  const { indexed, palette, alphas } = indexColours(pixels)
  const idat = deflateSync(filterRows(width, height, indexed), { level: 9, strategy: constants.Z_RLE })
  const chunks = [
    header(width, height),
    chunk('PLTE', palette),
    chunk('tRNS', alphas),
    chunk('IDAT', idat),
    chunk('IEND', Buffer.alloc(0)),
  ]
  const keyword = Buffer.from('Comment\0', 'latin1')
  const drawn = SIGNATURE.length + chunks.reduce((sum, { length }) => sum + length, 0)
  const room = size - drawn - CHUNK_OVERHEAD - keyword.length
  if (room < 0) throw new RangeError(`the drawing needs ${size - room} bytes, only ${size} are asked for`)
  const text = Buffer.alloc(room, `${comment} `, 'latin1')
  const [ihdr, ...rest] = chunks
  return Buffer.concat([SIGNATURE, ihdr, chunk('tEXt', Buffer.concat([keyword, text])), ...rest])
}
