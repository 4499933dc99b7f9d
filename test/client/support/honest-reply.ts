// What an honest server answers over the transport in memory.
import type { FakeRequest, Piece, Reply } from './fake-client.ts'
import type { Resource } from './hostile-server.ts'

/** The answer that RFC 9110 wants. `change` changes the body. */
export function honestly(
  { content, fields }: Resource,
  { range, fields: asked }: FakeRequest,
  change: (body: Buffer) => readonly Piece[] = (body) => [body],
): Reply {
  const condition = asked['if-range']
  if (range === null || (condition !== undefined && condition !== fields['etag'])) {
    const length = { 'content-length': String(content.length) }
    return { status: 200, fields: { ...fields, ...length }, body: change(content) }
  }
  if (range.start >= content.length)
    return { status: 416, fields: { 'content-range': `bytes */${content.length}`, 'content-length': '0' } }
  const end = Math.min(range.end ?? content.length, content.length)
  const head = {
    'content-range': `bytes ${range.start}-${end - 1}/${content.length}`,
    'content-length': String(end - range.start),
  }
  return { status: 206, fields: { ...fields, ...head }, body: change(content.subarray(range.start, end)) }
}
