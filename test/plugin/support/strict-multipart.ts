/** One part of a `multipart/byteranges` body. */
export interface Part {
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly first: number
  readonly last: number
  readonly total: number
  readonly bytes: Buffer
}

// No quotes, nothing behind the boundary (RFC 9110 §14.6, note 2, and what electron-updater takes); RFC 2046 §5.1.1
// allows these characters and at most 70 of them.
const CONTENT_TYPE = /^multipart\/byteranges; boundary=([0-9A-Za-z'()+_,./:=?-]{1,70})$/
const PART_FIELD = /^([A-Za-z-]+): (\S(?:.*\S)?)$/
const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/

/**
 * Takes a body apart by the letter of RFC 2046 §5.1.1, reading each part's length off its Content-Range so that the
 * data may hold anything. Throws at the first byte that does not belong.
 */
export function parseMultipart(contentType: string, body: Buffer): Part[] {
  const boundary = CONTENT_TYPE.exec(contentType)?.[1]
  if (boundary === undefined) throw new Error(`no multipart/byteranges type: ${contentType}`)
  const parts: Part[] = []
  let at = 0
  const expect = (text: string): void => {
    const found = body.subarray(at, at + text.length).toString('latin1')
    if (found !== text)
      throw new Error(`at ${at}: ${JSON.stringify(found)} instead of ${JSON.stringify(text)}`)
    at += text.length
  }
  // RFC 2046 §5.1.1 allows the CRLF before the first delimiter line; zsync needs it.
  expect(`\r\n--${boundary}\r\n`)
  for (;;) {
    const end = body.indexOf('\r\n\r\n', at)
    if (end === -1) throw new Error(`no end of the part's head at ${at}`)
    const fields = body.subarray(at, end).toString('latin1').split('\r\n').map(partField)
    at = end + 4
    const range = contentRangeOf(fields)
    const bytes = body.subarray(at, at + range.last - range.first + 1)
    if (bytes.includes(boundary)) throw new Error('the boundary occurs in the data')
    at += bytes.length
    parts.push({ fields, ...range, bytes })
    expect(`\r\n--${boundary}`)
    if (body.subarray(at, at + 2).toString('latin1') === '--') break
    expect('\r\n')
  }
  expect('--\r\n')
  if (at !== body.length) throw new Error(`${body.length - at} bytes behind the closing delimiter`)
  return parts
}

function partField(line: string): readonly [string, string] {
  const match = PART_FIELD.exec(line)
  if (match === null) throw new Error(`no part field: ${JSON.stringify(line)}`)
  return [String(match[1]).toLowerCase(), String(match[2])]
}

function contentRangeOf(fields: Part['fields']): Pick<Part, 'first' | 'last' | 'total'> {
  const values = fields.filter(([name]) => name === 'content-range')
  const match = CONTENT_RANGE.exec(values[0]?.[1] ?? '')
  if (values.length !== 1 || match === null) throw new Error(`no Content-Range: ${JSON.stringify(fields)}`)
  const [first = 0, last = 0, total = 0] = match.slice(1).map(Number)
  if (first > last || last >= total) throw new Error(`an invalid Content-Range: ${match[0]}`)
  return { first, last, total }
}
