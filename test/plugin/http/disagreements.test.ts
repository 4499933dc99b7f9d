import t from 'tap'
import { MODIFIED, serveFiles } from '../support/file-server.ts'
import { field } from '../support/raw-http.ts'
import { parseMultipart } from '../support/strict-multipart.ts'

const CONTENT = '0123456789'
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT'
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT'

t.test('the text of RFC 9110 decides where good servers disagree', async (t) => {
  const server = await serveFiles(t, {
    files: { 'a.txt': CONTENT, 'empty.txt': '', 'long.txt': CONTENT.repeat(100) },
  })
  const etag = String(field(await server.ask({ target: '/files/a.txt' }), 'etag'))
  const range = (value: string) => ['range', value] as const
  const rows = [
    { name: '§14.1.2 a suffix of zero', fields: [range('bytes=-0')], want: '416 bytes */10' },
    { name: '§14.1.2 a suffix longer than the file', fields: [range('bytes=-50')], want: '206 bytes 0-9/10' },
    { name: '§14.2 a letter behind the last-pos', fields: [range('bytes=0-4x')], want: '200' },
    { name: '§14.2 a letter for a range', fields: [range('bytes=x')], want: '200' },
    { name: '§5.6.1 a trailing comma', fields: [range('bytes=0-4,')], want: '206 bytes 0-4/10' },
    { name: '§14.1 the unit in upper case', fields: [range('BYTES=0-1')], want: '206 bytes 0-1/10' },
    { name: '§14.2 an unknown unit', fields: [range('items=0-1')], want: '200' },
    { name: '§14.2 HEAD with a range', method: 'HEAD', fields: [range('bytes=0-1')], want: '200' },
    {
      name: '§15.3.7.2 two ranges',
      target: 'long.txt',
      fields: [range('bytes=0-1,5-6')],
      want: '206 0-1,5-6',
    },
    { name: '§15.3.7.2 two ranges of a short file', fields: [range('bytes=0-1,5-6')], want: '200' },
    {
      name: '§14.1.2 a space behind the equals sign',
      target: 'long.txt',
      fields: [range('bytes= 0-1, 5-6')],
      want: '206 0-1,5-6',
    },
    { name: '§17.15 a wasteful set', fields: [range('bytes=0-9,0-9,0-9')], want: '200' },
    {
      name: '§13.1.5 If-Range, our tag marked as weak',
      fields: [range('bytes=0-1'), ['if-range', `W/${etag}`]],
      want: '200',
    },
    {
      name: '§13.1.5 If-Range, a later date',
      fields: [range('bytes=0-1'), ['if-range', LATER]],
      want: '200',
    },
    {
      name: '§13.1.5 If-Range, the exact date',
      fields: [range('bytes=0-1'), ['if-range', MODIFIED]],
      want: '206 bytes 0-1/10',
    },
    {
      name: '§14.1.2 the empty file from its start',
      target: 'empty.txt',
      fields: [range('bytes=0-')],
      want: '416 bytes */0',
    },
    {
      name: '§14.2 a suffix of the empty file',
      target: 'empty.txt',
      fields: [range('bytes=-5')],
      want: '200',
    },
    {
      name: '§13.2.2 If-Match true, If-Unmodified-Since false',
      fields: [
        ['if-match', etag],
        ['if-unmodified-since', EARLIER],
      ],
      want: '200',
    },
  ] as const
  for (const { name, fields, want, ...rest } of rows) {
    const target = `/files/${'target' in rest ? rest.target : 'a.txt'}`
    const answer = await server.ask({ target, fields, ...('method' in rest ? { method: rest.method } : {}) })
    const type = field(answer, 'content-type') ?? ''
    const parts = type.startsWith('multipart/') ? parseMultipart(type, answer.body) : []
    const ranges =
      field(answer, 'content-range') ?? parts.map(({ first, last }) => `${first}-${last}`).join(',')
    t.equal(`${answer.status} ${ranges}`.trim(), want, name)
  }
})
