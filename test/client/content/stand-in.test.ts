// The first bytes of stand-ins for a file, and the media types that do not decide.
import t from 'tap'
import { claimsNoFormat } from '#client/content/media-types.js'
import { reasonFor, type StandIn, standInOf } from '#client/content/stand-in.js'

const ALL: readonly StandIn[] = ['page', 'json', 'error', 'pointer']

type Found = ReturnType<typeof standInOf>

function found(text: string | Buffer, contentType = '', suspects = ALL): Found {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text
  return standInOf({ bytes, contentType, suspects })
}

const TAGS = [
  ...['!DOCTYPE HTML', 'HTML', 'HEAD', 'SCRIPT', 'IFRAME', 'H1', 'DIV', 'FONT', 'TABLE'],
  ...['A', 'STYLE', 'TITLE', 'B', 'BODY', 'BR', 'P'],
  ...['CENTER', 'FORM', 'H2', 'H3', 'LINK', 'META', 'NOSCRIPT', 'PRE', 'SPAN', 'STRONG'],
]

const POINTER = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'
const ERROR = '<Error><Code>AccessDenied</Code></Error>'

function utf16(text: string, order: 'little' | 'big'): Buffer {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le')
  return order === 'little' ? bytes : bytes.swap16()
}

t.test(
  'every tag of the MIME Sniffing Standard is a page, in any case, with a byte that ends it',
  async (t) => {
    for (const tag of TAGS) {
      for (const start of [`<${tag}>`, `<${tag} `, `<${tag.toLowerCase()}>x`, ` \t\r\n\f<${tag}>`])
        t.equal(found(start), 'page', JSON.stringify(start))
      t.equal(found(`<${tag}q>`), 'none', `<${tag}q>`)
      for (let length = 0; length < tag.length + 2; length++) {
        const start = `<${tag}>`.slice(0, length)
        t.equal(found(start), 'more', JSON.stringify(start))
      }
    }
  },
)

t.test('a stand-in is recognized by its first bytes', async (t) => {
  const rows: [string, string | Buffer, StandIn][] = [
    ['a comment', '<!-- x', 'page'],
    ['a comment without a blank', '<!--x', 'page'],
    ['a byte order mark', '\xef\xbb\xbf<!doctype html>', 'page'],
    ['a byte order mark and blanks', '\xef\xbb\xbf\r\n <html lang="en">', 'page'],
    ['a line end in a tag', '<html\nlang="en">', 'page'],
    ['a document type in two lines', '<!DOCTYPE\n html PUBLIC', 'page'],
    ['UTF-16, little end first', utf16('<!DOCTYPE html>', 'little'), 'page'],
    ['UTF-16, big end first', utf16('\n<html>', 'big'), 'page'],
    ['XHTML', '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html PUBLIC', 'page'],
    ['a warning of a program', '<br />\n<b>Warning</b>: readfile()', 'page'],
    ['an error of an object store', ERROR, 'error'],
    ['the same with a declaration', `<?xml version="1.0" encoding="UTF-8"?>\n${ERROR}`, 'error'],
    ['the same with a mark and blanks', `\xef\xbb\xbf<?xml version='1.0'?><Error>\n  <Code>x`, 'error'],
    ['a pointer of Git LFS', POINTER, 'pointer'],
  ]
  for (const [name, start, want] of rows) t.equal(found(start), want, name)
})

t.test('the first bytes of a file are not a stand-in', async (t) => {
  const rows: [string, string | Buffer][] = [
    ['an archive', 'PK\x03\x04'],
    ['a model whose first byte is a blank', ' \x09\0\0\0\0\0\0{"a":1}'],
    ['a model whose first byte is a brace', '{"\0\0\0\0\0\0{"__metadata__":'],
    ['a number first', '1<html>'],
    ['a zero before a tag', '\0<html>'],
    ['a tag of another kind', '<svg xmlns='],
    ['a longer tag', '<body1>'],
    ['a tag of XML', '<html:html>'],
    ['half a mark', '\xef\xbbPK'],
    ['a mark of UTF-16 alone', '\xff\xfe<html>'],
    ['MPEG audio', '\xff\xfb\x90\x00'],
    ['XML of another kind', '<?xml version="1.0"?><plist>'],
    ['an XML error that is not from an object store', '<Error>no</Error>'],
    ['a text', 'version 1'],
    ['a pointer in a sentence', `A ${POINTER}`],
  ]
  for (const [name, start] of rows) t.equal(found(start), 'none', name)
})

t.test('more bytes are needed only while they can decide', async (t) => {
  const rows: [string, string | Buffer][] = [
    ['nothing', ''],
    ['blanks', ' \r\n'],
    ['a byte of a mark', '\xef'],
    ['two bytes of a mark', '\xef\xbb'],
    ['a mark', '\xef\xbb\xbf'],
    ['a byte of a mark of UTF-16', '\xff'],
    ['half a character of UTF-16', '\xff\xfe<'],
    ['half a character of UTF-16, big end first', '\xfe\xff\0<\0'],
    ['an XML declaration that goes on', '<?xml version="1.0"'],
    ['an XML declaration and a line end', '<?xml version="1.0"?>\r\n'],
    ['half an error', '<Error>\n'],
    ['half a pointer', POINTER.slice(0, 42)],
  ]
  for (const [name, start] of rows) t.equal(found(start), 'more', name)
  for (const [whole, want] of [
    [POINTER, 'pointer'],
    [`<?xml version="1.0"?>\n${ERROR}`, 'error'],
    ['\xef\xbb\xbf\n<!DOCTYPE\nHTML>', 'page'],
  ] as const) {
    const answers = Array.from(whole, (_, index) => found(whole.slice(0, index + 1)))
    const decided = answers.findIndex((answer) => answer !== 'more')
    t.ok(decided > 0)
    t.strictSame([...new Set(answers.slice(decided))], [want])
  }
})

t.test('only the first 1445 bytes are checked', async (t) => {
  t.equal(found(' '.repeat(1444)), 'more')
  t.equal(found(' '.repeat(1445)), 'none')
  t.equal(found(`${' '.repeat(1439)}<html>`), 'page')
  t.equal(found(`${' '.repeat(1440)}<html>`), 'none')
  t.equal(found(`<?xml ${'x'.repeat(1439)}`), 'none')
})

t.test('JSON is a stand-in only with a JSON media type', async (t) => {
  for (const start of ['{"error":', ' { "error"', '{}', '{\n}', '[{', '[ "', '[]', '\xef\xbb\xbf{"']) {
    t.equal(found(start, 'application/json'), 'json', start)
    t.equal(found(start, 'application/problem+json; charset=utf-8'), 'json', start)
    for (const type of ['', 'application/octet-stream', 'text/plain']) t.equal(found(start, type), 'none')
  }
  t.equal(found('{', 'application/json'), 'more')
  t.equal(found('{\0', 'application/json'), 'none')
  t.equal(found('<html>', 'application/json'), 'page')
})

t.test('only suspected kinds are found', async (t) => {
  t.equal(found('<html>', '', []), 'none')
  t.equal(found('', '', []), 'none')
  t.equal(found('<html>', '', ['pointer']), 'none')
  t.equal(found(POINTER, '', ['pointer']), 'pointer')
  t.equal(found(POINTER, '', ['page']), 'none')
})

t.test('bytes with the media type of a binary format are not a stand-in', async (t) => {
  const open = [
    ...['', 'application/octet-stream', 'Application/Octet-Stream', 'binary/octet-stream', '*/*', 'unknown'],
    ...['application/x-download', 'application/force-download', 'application/unknown', 'unknown/unknown'],
    ...['text/plain; charset=utf-8', 'TEXT/PLAIN', 'text/html charset=utf-8', 'text/css', 'application/xml'],
    ...[
      'application/vnd.wap.xhtml+xml',
      'application/javascript',
      'application/json',
      '"text/plain"',
      'application/x-httpd-php',
    ],
    ...['application/zip, text/plain', 'application/octet-stream, application/zip', ';charset=utf-8'],
  ]
  for (const type of open) {
    t.ok(claimsNoFormat(type), type)
    t.equal(found('<html>', type), 'page', type)
  }
  const binary = [
    ...['application/zip', 'image/png', 'IMAGE/PNG', 'video/mp4; codecs="a, text/plain"', 'font/woff2'],
    ...['application/x-xz', 'application/pdf', 'application/vnd.ms-cab-compressed'],
  ]
  for (const type of binary) {
    t.notOk(claimsNoFormat(type), type)
    t.equal(found('<html>', type), 'none', type)
    t.equal(found('', type), 'none', `${type}, before the first byte`)
  }
})

t.test('every reason names the option that accepts the stand-in', async (t) => {
  for (const kind of ALL) t.match(reasonFor(kind), /^sent .*--accept-html accepts it\)$/)
})
