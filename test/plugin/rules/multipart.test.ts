import t from 'tap'
import { type Layout, layOutRange, Multipart, pieceLength } from '#plugin/rules/multipart.js'
import type { ByteRange } from '#plugin/rules/range-set.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { parseMultipart } from '../support/strict-multipart.ts'

const CONTENT = numberedLines(100_000)

function bodyOf(layout: Layout, content = CONTENT): Buffer {
  return Buffer.concat(
    Array.from({ length: layout.pieceCount }, (_, index) => {
      const piece = layout.piece(index)
      return piece.kind === 'literal'
        ? piece.bytes
        : content.subarray(piece.range.first, piece.range.last + 1)
    }),
  )
}

t.test('§14.6 a multipart body has the parts in the given order, with exact lengths', async (t) => {
  const several: ByteRange[] = Array.from({ length: 500 }, (_, i) => ({
    first: i * 200,
    last: i * 200 + (i % 150),
  }))
  const cases = [
    { name: 'two parts', ranges: [range(0, 4), range(10, 14)] },
    { name: 'descending parts', ranges: [range(50_000, 50_000), range(9, 12), range(0, 0)] },
    { name: 'parts of one byte at both ends', ranges: [range(0, 0), range(99_999, 99_999)] },
    { name: 'positions of many digits', ranges: [range(0, 99_998), range(99_999, 99_999)] },
    { name: 'five hundred parts', ranges: several },
  ]
  for (const { name, ranges } of cases) {
    const multipart = new Multipart(ranges, { size: CONTENT.length, partType: 'text/plain; charset=utf-8' })
    const body = bodyOf(multipart)
    t.equal(multipart.length, body.length, `${name}: the length is exact`)
    const lengths = Array.from({ length: multipart.pieceCount }, (_, at) => pieceLength(multipart.piece(at)))
    t.equal(
      lengths.reduce((sum, length) => sum + length, 0),
      body.length,
      `${name}: and that of its pieces`,
    )
    const parts = parseMultipart(multipart.contentType, body)
    t.strictSame(
      parts.map(({ first, last }) => ({ first, last })),
      ranges,
      `${name}: Content-Range of each`,
    )
    for (const part of parts) {
      t.strictSame(part.fields, [
        ['content-type', 'text/plain; charset=utf-8'],
        ['content-range', `bytes ${part.first}-${part.last}/100000`],
      ])
      sameBytes(
        t,
        part.bytes,
        CONTENT.subarray(part.first, part.last + 1),
        `${name}: the bytes of ${part.first}`,
      )
    }
  }
})

t.test('a multipart body keeps its ranges', async (t) => {
  const ranges = [range(50_000, 50_009), range(0, 4), range(2 ** 40, 2 ** 53 - 2)]
  t.strictSame(new Multipart(ranges, { size: 2 ** 53 - 1, partType: undefined }).ranges, ranges)
})

t.test('a layout says which ranges follow a piece, as often as it is asked', async (t) => {
  const ranges = [range(50, 59), range(9, 12), range(0, 0)]
  const layout = new Multipart(ranges, { size: CONTENT.length, partType: undefined })
  for (let index = 0; index < layout.pieceCount; index++) {
    const later = Array.from({ length: layout.pieceCount - index - 1 }, (_, at) =>
      layout.piece(index + 1 + at),
    )
    const expected = later.flatMap((piece) => (piece.kind === 'range' ? [piece.range] : []))
    const following = layout.rangesAfter(index)
    t.strictSame([...following], expected, `after ${index}`)
    t.strictSame([...following], expected, `after ${index}, once more`)
  }
  t.strictSame([...layOutRange(range(0, 4)).rangesAfter(0)], [])
})

t.test('a layout of one range has one piece, and an empty one has none', async (t) => {
  const layout = layOutRange(range(3, 9))
  t.equal(layout.length, 7)
  t.equal(layout.pieceCount, 1)
  t.strictSame(layout.piece(0), { kind: 'range', range: range(3, 9) })
  const empty = layOutRange(range(0, -1))
  t.equal(empty.length, 0)
  t.equal(empty.pieceCount, 0)
})

t.test('a part has no Content-Type when the representation has none', async (t) => {
  const multipart = new Multipart([range(0, 4), range(10, 14)], { size: CONTENT.length, partType: undefined })
  const parts = parseMultipart(multipart.contentType, bodyOf(multipart))
  t.strictSame(
    parts.map(({ fields }) => fields.map(([name]) => name)),
    [['content-range'], ['content-range']],
  )
})

t.test('§14.6 each answer has a new boundary that cannot be predicted', async (t) => {
  const boundaries = Array.from({ length: 1000 }, () =>
    boundaryOf(new Multipart([range(0, 1), range(3, 4)], { size: 9, partType: 'a/b' })),
  )
  t.equal(new Set(boundaries).size, 1000)
  for (const boundary of boundaries.slice(0, 10))
    t.match(boundary, /^[0-9a-z]{24,70}$/i, 'RFC 2046: 70 characters at most')
  t.notOk(
    boundaries.some(
      (boundary, index) => index > 0 && sharedPrefix(boundary, String(boundaries[index - 1])) > 8,
    ),
  )
})

t.test('content that looks like a delimiter does not end a part', async (t) => {
  const content = Buffer.from(
    '\r\n--boundary\r\nContent-Range: bytes 0-1/2\r\n\r\n--boundary--\r\n'.repeat(20),
  )
  const ranges = [range(0, 99), range(200, 299)]
  const multipart = new Multipart(ranges, { size: content.length, partType: 'text/plain' })
  const parts = parseMultipart(multipart.contentType, bodyOf(multipart, content))
  t.strictSame(
    parts.map(({ first, last }) => ({ first, last })),
    ranges,
  )
})

t.test('the strict parser of the tests throws for a body that is not exact', async (t) => {
  const multipart = new Multipart([range(0, 4), range(10, 14)], {
    size: CONTENT.length,
    partType: 'text/plain',
  })
  const { contentType } = multipart
  const body = bodyOf(multipart).toString('latin1')
  const boundary = boundaryOf({ contentType })
  const broken = [
    { name: 'a byte behind', type: contentType, body: `${body}x` },
    { name: 'a byte less', type: contentType, body: body.slice(0, -1) },
    { name: 'LF for CRLF', type: contentType, body: body.replaceAll('\r\n', '\n') },
    { name: 'a longer preamble', type: contentType, body: `\r\n${body}` },
    { name: 'no CRLF before the first delimiter', type: contentType, body: body.slice(2) },
    {
      name: 'no closing delimiter',
      type: contentType,
      body: body.replace(`--${boundary}--`, `--${boundary}`),
    },
    { name: 'a byte more in a part', type: contentType, body: body.replace('\r\n\r\n0', '\r\n\r\n00') },
    {
      name: 'a last-pos that is too small',
      type: contentType,
      body: body.replace('bytes 0-4/', 'bytes 0-3/'),
    },
    { name: 'no total', type: contentType, body: body.replace('/100000', '/*') },
    {
      name: 'a part without Content-Range',
      type: contentType,
      body: body.replace('Content-Range', 'Content-Rage'),
    },
    { name: 'a quoted boundary', type: `multipart/byteranges; boundary="${boundary}"`, body },
    { name: 'a charset behind the boundary', type: `${contentType}; charset=utf-8`, body },
  ]
  for (const { name, type, body } of broken)
    t.throws(() => parseMultipart(type, Buffer.from(body, 'latin1')), name)
})

function range(first: number, last: number): ByteRange {
  return { first, last }
}

function boundaryOf({ contentType }: Pick<Multipart, 'contentType'>): string {
  return contentType.slice('multipart/byteranges; boundary='.length)
}

function sharedPrefix(a: string, b: string): number {
  const length = [...a].findIndex((character, index) => character !== b[index])
  return length === -1 ? a.length : length
}
