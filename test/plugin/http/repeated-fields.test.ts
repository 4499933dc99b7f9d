import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { MODIFIED, serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { field } from '../support/raw-http.ts'

const CONTENT = numberedLines(100)
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT'
const RANGE = ['range', 'bytes=0-4'] as const

t.test('§5.3 several lines of a field are ignored, or joined to one list', async (t) => {
  const server = await serveFiles(t, { files: { 'a.txt': CONTENT } })
  const etag = String(field(await server.ask({ target: '/files/a.txt' }), 'etag'))
  const rows = [
    { name: 'Range, twice the same', fields: [RANGE, RANGE], want: 200 },
    { name: 'Range, two different', fields: [RANGE, ['range', 'bytes=10-14']], want: 200 },
    { name: 'Range, the second a bare range-set', fields: [RANGE, ['range', '10-14']], want: 200 },
    { name: 'Range, the first malformed', fields: [['range', 'x'], RANGE], want: 200 },
    { name: 'Range, names in different cases', fields: [RANGE, ['RANGE', 'bytes=0-4']], want: 200 },
    { name: 'Range, the second unsatisfiable', fields: [RANGE, ['range', 'bytes=100-']], want: 200 },
    { name: 'Range, the second empty', fields: [RANGE, ['range', '']], want: 200 },
    {
      name: 'Range, ten thousand bytes of lines',
      fields: Array.from({ length: 400 }, () => RANGE),
      want: 200,
    },
    { name: 'If-Range, twice our tag', fields: [RANGE, ['if-range', etag], ['if-range', etag]], want: 200 },
    {
      name: 'If-Range, our tag second',
      fields: [RANGE, ['if-range', '"other"'], ['if-range', etag]],
      want: 200,
    },
    {
      name: 'If-Range, our tag first',
      fields: [RANGE, ['if-range', etag], ['if-range', '"other"']],
      want: 200,
    },
    {
      name: 'If-Range, twice the date',
      fields: [RANGE, ['if-range', MODIFIED], ['if-range', MODIFIED]],
      want: 200,
    },
    {
      name: 'If-Range, our tag and nothing',
      fields: [RANGE, ['if-range', etag], ['if-range', '']],
      want: 200,
    },
    {
      name: 'If-Match, our tag first',
      fields: [
        ['if-match', etag],
        ['if-match', '"other"'],
      ],
      want: 200,
    },
    {
      name: 'If-Match, our tag second',
      fields: [
        ['if-match', '"other"'],
        ['if-match', etag],
      ],
      want: 200,
    },
    {
      name: 'If-Match, our tag nowhere',
      fields: [
        ['if-match', '"a"'],
        ['if-match', '"b"'],
      ],
      want: 412,
    },
    { name: 'If-Match, with a range', fields: [RANGE, ['if-match', '"a"'], ['if-match', etag]], want: 206 },
    {
      name: 'If-None-Match, our tag first',
      fields: [
        ['if-none-match', etag],
        ['if-none-match', '"other"'],
      ],
      want: 304,
    },
    {
      name: 'If-None-Match, our tag second',
      fields: [
        ['if-none-match', '"other"'],
        ['if-none-match', etag],
      ],
      want: 304,
    },
    {
      name: 'If-None-Match, our tag third',
      fields: [
        ['if-none-match', '"a"'],
        ['If-None-Match', '"b"'],
        ['IF-NONE-MATCH', etag],
      ],
      want: 304,
    },
    {
      name: 'If-None-Match, our tag nowhere',
      fields: [
        ['if-none-match', '"a"'],
        ['if-none-match', '"b"'],
      ],
      want: 200,
    },
    {
      name: 'If-Modified-Since: "MUST ignore" when "the field value has more than one member"',
      fields: [
        ['if-modified-since', MODIFIED],
        ['if-modified-since', MODIFIED],
      ],
      want: 200,
    },
    {
      name: 'If-Modified-Since, one of the two no date',
      fields: [
        ['if-modified-since', MODIFIED],
        ['if-modified-since', 'x'],
      ],
      want: 200,
    },
    {
      name: 'If-Unmodified-Since: "MUST ignore" when it "appears to be a list of dates"',
      fields: [
        ['if-unmodified-since', EARLIER],
        ['if-unmodified-since', EARLIER],
      ],
      want: 200,
    },
    {
      name: 'If-Unmodified-Since, one line with two dates',
      fields: [['if-unmodified-since', `${EARLIER}, ${EARLIER}`]],
      want: 200,
    },
    { name: 'Content-Range in a GET: "MUST ignore"', fields: [['content-range', 'bytes 0-1/2']], want: 200 },
  ] as const
  for (const { name, fields, want } of rows) {
    const answer = await server.ask({ target: '/files/a.txt', fields })
    t.equal(answer.status, want, name)
    if (want === 200) sameBytes(t, answer.body, CONTENT, `${name}: whole`)
  }
})
