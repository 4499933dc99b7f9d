import type { PictureSize } from './h264.ts'

/** What the head of an MP4 file with one H.264 track depends on. */
export interface Track {
  size: PictureSize
  framesPerSecond: number
  frames: number
  /** Bytes of each frame, including its length prefix. */
  frameLength: number
  sequenceParameters: Buffer
  pictureParameters: Buffer
}

/** Size of the length prefix of each NAL unit, in bytes. */
export const LENGTH_PREFIX = 4

const FULL_BOX = Buffer.alloc(4)
/** The unity matrix of ISO/IEC 14496-12 §8.2.2, in 16.16 and 2.30 fixed point. */
const MATRIX = integers(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
const BOX_HEAD = 8

/** Everything before the frames: the type, the index, and the head of the box that contains the frames. */
export function movieHead(track: Track): Buffer {
  const type = box('ftyp', Buffer.from('isom'), integers(0x200), Buffer.from('isomavc1mp41'))
  const length = movie(track, 0).length
  const mediaHead = Buffer.alloc(BOX_HEAD)
  mediaHead.writeUInt32BE(BOX_HEAD + track.frames * track.frameLength)
  mediaHead.write('mdat', 4, 'latin1')
  const firstFrame = type.length + length + BOX_HEAD
  return Buffer.concat([type, movie(track, firstFrame), mediaHead])
}

function box(type: string, ...content: Buffer[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, BOX_HEAD)
  return Buffer.concat([integers(length), Buffer.from(type, 'latin1'), ...content])
}

/** Values of 32 bits each. */
function integers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
  return bytes
}

/** Values of 16 bits each. */
function shorts(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2)
  return bytes
}

/** `moov`, with times in frames. */
function movie(track: Track, firstFrame: number): Buffer {
  const header = box(
    'mvhd',
    integers(0, 0, 0, track.framesPerSecond, track.frames, 0x10000),
    shorts(0x100, 0),
    Buffer.alloc(8),
    MATRIX,
    Buffer.alloc(24),
    integers(2),
  )
  return box('moov', header, box('trak', trackHeader(track), media(track, firstFrame)))
}

function trackHeader({ size, frames }: Track): Buffer {
  const enabledInMovie = 3
  return box(
    'tkhd',
    integers(enabledInMovie, 0, 0, 1, 0, frames),
    Buffer.alloc(16),
    MATRIX,
    integers(size.width << 16, size.height << 16),
  )
}

function media(track: Track, firstFrame: number): Buffer {
  const undetermined = 0x55c4
  const header = box('mdhd', integers(0, 0, 0, track.framesPerSecond, track.frames), shorts(undetermined, 0))
  const handler = box('hdlr', integers(0, 0), Buffer.from('vide'), Buffer.alloc(12), Buffer.from('Video\0'))
  const here = box('url ', integers(1))
  const information = box(
    'minf',
    box('vmhd', integers(1), Buffer.alloc(8)),
    box('dinf', box('dref', FULL_BOX, integers(1), here)),
    sampleTable(track, firstFrame),
  )
  return box('mdia', header, handler, information)
}

/** `stbl`: one chunk of frames of equal length and duration. Without `stss`, a player can seek to each frame. */
function sampleTable(track: Track, firstFrame: number): Buffer {
  const { frames, frameLength } = track
  return box(
    'stbl',
    box('stsd', FULL_BOX, integers(1), sampleEntry(track)),
    box('stts', FULL_BOX, integers(1, frames, 1)),
    box('stsc', FULL_BOX, integers(1, 1, frames, 1)),
    box('stsz', FULL_BOX, integers(frameLength, frames)),
    box('stco', FULL_BOX, integers(1, firstFrame)),
  )
}

function sampleEntry({ size, sequenceParameters, pictureParameters }: Track): Buffer {
  const dotsPerInch = 72 << 16
  const configuration = box(
    'avcC',
    Buffer.from([1, ...sequenceParameters.subarray(1, 4), 0xfc | (LENGTH_PREFIX - 1), 0xe1]),
    shorts(sequenceParameters.length),
    sequenceParameters,
    Buffer.from([1]),
    shorts(pictureParameters.length),
    pictureParameters,
  )
  return box(
    'avc1',
    Buffer.alloc(6),
    shorts(1),
    Buffer.alloc(16),
    shorts(size.width, size.height),
    integers(dotsPerInch, dotsPerInch, 0),
    shorts(1),
    Buffer.alloc(32),
    shorts(24, 0xffff),
    configuration,
  )
}
