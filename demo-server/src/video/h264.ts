/**
 * An H.264 "encoder" that stores pictures as they are: every macroblock is I_PCM (ITU-T H.264 §7.3.5), so
 * nothing is compressed, and a player can seek to every frame. Any decoder of the Baseline profile plays it.
 */

/** Width and height of a macroblock in pixels. Pictures consist of whole macroblocks. */
const MACROBLOCK = 16

const NAL_IDR_SLICE = 0x65
const NAL_SPS = 0x67
const NAL_PPS = 0x68
const PROFILE_BASELINE = 66
const CONSTRAINED = 0xc0
const LEVEL_3_1 = 31
const SLICE_I_ONLY = 7
const MB_TYPE_I_PCM = 25
/** 256 luma and 2 × 64 chroma samples. */
const MACROBLOCK_SAMPLES = 384
/** ue(25), then zeros up to the next byte. It precedes each macroblock except the first. */
const MACROBLOCK_HEAD = [0x0d, 0x00]
const TRAILING_BITS = 0x80

/** Size of a picture in pixels, multiples of 16. */
export interface PictureSize {
  width: number
  height: number
}

/** A picture: full-size luma, half-size chroma. No sample may be 0, which would need escaping. */
export interface Picture {
  luma: Uint8Array
  blue: Uint8Array
  red: Uint8Array
}

/** Bits in the order the standard lists its syntax elements. */
class BitWriter {
  #bits = ''

  bits(value: number, length: number): this {
    this.#bits += value.toString(2).padStart(length, '0')
    return this
  }

  /** Appends each value as ue(v) of §9.1. */
  exponential(...values: number[]): this {
    for (const value of values) {
      const code = (value + 1).toString(2)
      this.#bits += '0'.repeat(code.length - 1) + code
    }
    return this
  }

  /** All bits so far, filled with zeros up to a whole byte. */
  bytes(): number[] {
    const octets = this.#bits.match(/.{1,8}/g) ?? []
    return octets.map((octet) => Number.parseInt(octet.padEnd(8, '0'), 2))
  }
}

/** The sequence parameter set (§7.3.2.1.1) for pictures of this size. */
export function sequenceParameters({ width, height }: PictureSize): Buffer {
  const payload = new BitWriter()
    .exponential(0, 0, 2, 0) // its id, log2_max_frame_num - 4, pic_order_cnt_type, max_num_ref_frames
    .bits(0, 1)
    .exponential(width / MACROBLOCK - 1, height / MACROBLOCK - 1)
    .bits(0b1100, 4) // frame_mbs_only, direct_8x8_inference, no cropping, no VUI
    .bits(1, 1)
  return Buffer.from([NAL_SPS, PROFILE_BASELINE, CONSTRAINED, LEVEL_3_1, ...payload.bytes()])
}

/** The picture parameter set (§7.3.2.2), with the simplest values. */
export function pictureParameters(): Buffer {
  const payload = new BitWriter()
    .exponential(0, 0) // its id, the sequence's id
    .bits(0, 2)
    .exponential(0, 0, 0)
    .bits(0, 3)
    .exponential(0, 0, 0)
    .bits(0, 3)
    .bits(1, 1)
  return Buffer.from([NAL_PPS, ...payload.bytes()])
}

/** Bytes of every frame that {@link encodePicture} returns for this size. */
export function frameLength(size: PictureSize): number {
  const count = (size.width / MACROBLOCK) * (size.height / MACROBLOCK)
  const first = sliceHead(0).length + MACROBLOCK_SAMPLES
  return 1 + first + (count - 1) * (MACROBLOCK_HEAD.length + MACROBLOCK_SAMPLES) + 1
}

/** The slice header (§7.3.3) of an IDR picture and the type of its first macroblock. */
function sliceHead(index: number): number[] {
  return new BitWriter()
    .exponential(0, SLICE_I_ONLY, 0)
    .bits(0, 4)
    .exponential(index % 2) // §7.4.3: two IDR pictures in a row differ in idr_pic_id
    .bits(0, 2)
    .exponential(0)
    .exponential(MB_TYPE_I_PCM)
    .bytes()
}

/** Encodes one picture as one IDR slice. `index` is its position in the sequence. */
export function encodePicture(picture: Picture, size: PictureSize, index: number): Buffer {
  const nal = Buffer.alloc(frameLength(size))
  let at = nal.writeUInt8(NAL_IDR_SLICE, 0)
  let head = sliceHead(index)
  for (let top = 0; top < size.height; top += MACROBLOCK) {
    for (let left = 0; left < size.width; left += MACROBLOCK) {
      nal.set(head, at)
      at += head.length
      for (const square of macroblock(picture, size.width, { top, left })) at = copySquare(nal, at, square)
      head = MACROBLOCK_HEAD
    }
  }
  nal.writeUInt8(TRAILING_BITS, at)
  return nal
}

/** A square of samples in a plane that is `stride` samples wide. */
interface Square {
  plane: Uint8Array
  stride: number
  top: number
  left: number
  side: number
}

/** The three squares of the macroblock whose first pixel is at `top`, `left`, in the order in which they are stored. */
function macroblock(
  { luma, blue, red }: Picture,
  width: number,
  { top, left }: Record<'top' | 'left', number>,
): Square[] {
  const half = { stride: width / 2, top: top / 2, left: left / 2, side: MACROBLOCK / 2 }
  return [
    { plane: luma, stride: width, top, left, side: MACROBLOCK },
    { plane: blue, ...half },
    { plane: red, ...half },
  ]
}

/** Copies a square row by row and returns where it ends. */
function copySquare(nal: Buffer, start: number, { plane, stride, top, left, side }: Square): number {
  for (let row = 0; row < side; row++) {
    const from = (top + row) * stride + left
    nal.set(plane.subarray(from, from + side), start + row * side)
  }
  return start + side * side
}
