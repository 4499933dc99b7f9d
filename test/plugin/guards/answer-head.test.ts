import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import t from 'tap'
import { announcedLength, writtenHeadOf } from '#plugin/guards/answer-head.js'

function response(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()))
}

t.test('the head that was written is read in every form that writeHead takes', async (t) => {
  const forms: readonly Parameters<ServerResponse['writeHead']>[1][] = [
    { ETag: '"a:b"', 'Content-Length': '5', 'X-List': ['1', '2'] },
    ['ETag', '"a:b"', 'Content-Length', '5', 'X-List', '1', 'x-list', '2'],
  ] as never
  for (const form of forms) {
    const raw = response()
    raw.writeHead(206, form as never)
    const head = writtenHeadOf(raw, 500)
    t.equal(head.status, 206)
    t.strictSame(head.lines('etag'), ['"a:b"'])
    t.strictSame(head.lines('x-list'), ['1', '2'])
    t.strictSame(head.lines('content-range'), [])
    t.strictSame(head.lines('http/1.1 206 partial content'), [])
    t.equal(announcedLength(head), 5)
  }
})

t.test('before a head is written, the fields are those of the response', async (t) => {
  const raw = response()
  raw.setHeader('Content-Length', '1, 2')
  const head = writtenHeadOf(raw, 200)
  t.equal(head.status, 200)
  t.strictSame(head.lines('content-length'), ['1, 2'])
  t.ok(Number.isNaN(announcedLength(head)))
})
