// File names in Content-Disposition, in the forms that servers send.
import { download } from 'range-get'
import t from 'tap'
import { nameInDisposition } from '#client/rules/disposition.js'
import { nameFromDisposition } from '#client/state/file-name.js'
import { startHostile } from '../support/hostile-server.ts'
import { names, QUICK } from '../support/run.ts'

/** Text as the bytes of a field are read: a character for each. */
const bytes = (text: string, encoding: 'utf8' | 'latin1' = 'utf8'): string =>
  Buffer.from(text, encoding).toString('latin1')

const rows: [field: string, want: string | null][] = [
  ['attachment; filename="foo.bin"', 'foo.bin'],
  ['attachment; filename=foo.bin', 'foo.bin'],
  ['attachment; filename = "foo.bin" ; size=3', 'foo.bin'],
  ['attachment;filename=foo.bin;', 'foo.bin'],
  ['ATTACHMENT; FILENAME="foo.bin"', 'foo.bin'],
  ['inline; filename="foo.bin"', 'foo.bin'],
  ['attachment; filename=foo bar.bin', 'foo bar.bin'],
  ['attachment; filename="a;b.bin"', 'a;b.bin'],
  ['attachment; filename="a=b; filename=c.bin"', 'a=b; filename=c.bin'],
  ['attachment; size="x; filename=no.bin"; filename=foo.bin', 'foo.bin'],
  ['attachment; filename="first.bin"; filename="second.bin"', 'first.bin'],
  // quoted-pairs, and paths of Windows
  ['attachment; filename="a\\"b.bin"', 'a"b.bin'],
  ['attachment; filename="a\\\\b.bin"', 'a\\b.bin'],
  ['attachment; filename="C:\\dir\\foo.bin"', 'C:\\dir\\foo.bin'],
  ['attachment; filename=C:\\dir\\foo.bin', 'C:\\dir\\foo.bin'],
  // apostrophes
  ["attachment; filename='foo.bin'", 'foo.bin'],
  ["attachment; filename='foo.bin' ; size=3", 'foo.bin'],
  ["attachment; filename='it's.bin'", "it's.bin"],
  ["attachment; filename='foo.bin", 'foo.bin'],
  [`attachment; filename="'foo.bin'"`, "'foo.bin'"],
  // no end
  ['attachment; filename="foo.bin', 'foo.bin'],
  ['attachment; filename="foo.bin; size=3', 'foo.bin'],
  ['attachment; filename="foo.bin\\"', 'foo.bin\\'],
  [`attachment; filename="foo.bin; filename*=UTF-8''%e2%82%ac.bin`, '€.bin'],
  // no type
  ['filename=foo.bin', 'foo.bin'],
  ['filename="foo.bin"', 'foo.bin'],
  [' filename="foo.bin"; attachment', 'foo.bin'],
  ["filename*=UTF-8''%e2%82%ac.bin", '€.bin'],
  // filename* wins
  [`attachment; filename="a.bin"; filename*=UTF-8''%e2%82%ac.bin`, '€.bin'],
  [`attachment; filename*=UTF-8''%e2%82%ac.bin; filename="a.bin"`, '€.bin'],
  [`attachment; filename*="UTF-8''%e2%82%ac.bin"`, '€.bin'],
  [`attachment; filename*=utf-8'en'a%20b.bin; filename=c.bin`, 'a b.bin'],
  [`attachment; filename*=ISO-8859-1''caf%e9.bin`, 'café.bin'],
  [`attachment; filename="a.bin"; filename*=UTF-8''%ff.bin`, 'a.bin'],
  [`attachment; filename="a.bin"; filename*=UTF-8''`, 'a.bin'],
  [`attachment; filename="a.bin"; filename*=nonsense`, 'a.bin'],
  [`attachment; filename="${bytes('naïve')}.bin"; filename*=UTF-8''%e2%82%ac.bin`, '€.bin'],
  // bytes
  [`attachment; filename="${bytes('naïve.bin')}"`, 'naïve.bin'],
  [`attachment; filename=${bytes('naïve.bin')}`, 'naïve.bin'],
  [`attachment; filename='${bytes('naïve.bin')}'`, 'naïve.bin'],
  [`attachment; filename="${bytes('中文.zip')}`, '中文.zip'],
  [`filename=${bytes('中文.zip')}`, '中文.zip'],
  [`attachment; filename=${bytes('😀')}`, '😀'],
  [`attachment; filename=${bytes('à')}`, 'à'],
  [`attachment; filename*=UTF-8''${bytes('中文.zip')}`, '中文.zip'],
  [`attachment; filename="${bytes('naïve.bin', 'latin1')}"`, 'naïve.bin'],
  [`attachment; filename=${bytes('café', 'latin1')}`, 'café'],
  [`attachment; filename="${bytes('中', 'utf8').slice(0, 2)}.bin"`, 'ä¸.bin'],
  ['attachment; filename="€.bin"', '€.bin'],
  // none
  ['attachment', null],
  ['', null],
  ['nonsense;;;=', null],
  ['attachment; filename=""', null],
  ['attachment; filename=', null],
  ['attachment; filename', null],
  ['attachment; filename="  "', null],
  ["attachment; filename=''", null],
  ['attachment; filename="', null],
  ['attachment; name="foo.bin"', null],
  ['attachment; xfilename=foo.bin', null],
]

t.test('a Content-Disposition gives its file name, or null', async (t) => {
  for (const [field, want] of rows) t.equal(nameInDisposition(field), want, field)
})

t.test('names in every form are made safe', async (t) => {
  const forms = (name: string): string[] => [
    `attachment; filename=${name}`,
    `attachment; filename="${name}"`,
    `attachment; filename="${name}`,
    `attachment; filename='${name}'`,
    `filename=${name}`,
  ]
  for (const [given, want] of [
    ['C:\\dir\\foo.bin', 'foo.bin'],
    ['\\\\server\\share\\foo.bin', 'foo.bin'],
    ['dir\\foo.bin', 'foo.bin'],
    ['..\\..\\foo.bin', 'foo.bin'],
    ['../../foo.bin', 'foo.bin'],
    ['/etc/passwd', 'passwd'],
    ['-rf', '_-rf'],
    ['.bashrc', 'bashrc'],
    ['~root', '_~root'],
    ['x.part', 'x.part_'],
    ['..', 'download'],
    [bytes('x\u202efdp.exe'), 'xfdp.exe'],
    [bytes('x.ｐart'), 'x.ｐart_'],
    [bytes('\u009b'), 'download'],
  ] as const)
    for (const field of forms(given)) t.equal(nameFromDisposition(field), want, field)
})

t.test('a long field of any form is read, in a time that grows with its length', async (t) => {
  for (const unit of [
    "x='a;",
    'x="a;',
    'x="\\',
    ';',
    ' ',
    'x=',
    '\\',
    '"',
    "'",
    'filename=;',
    '; \t',
    "'a'b",
  ])
    nameFromDisposition(`attachment; filename="${unit.repeat(128 * 1024)}`)
  t.pass('the square of it would be hours')
})

t.test('raw bytes in a field name the file', async (t) => {
  for (const [name, raw] of [
    ['naïve.bin', Buffer.from('filename="naïve.bin"')],
    ['中文.zip', Buffer.from('filename=中文.zip')],
    ['voilà', Buffer.from('filename=voilà')],
    ['café.bin', Buffer.from('filename="caf\xe9.bin"', 'latin1')],
    ['foo.bin', Buffer.from('filename="C:\\dir\\foo.bin"')],
  ] as const) {
    const server = await startHostile((_, socket) => {
      const head = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Disposition: attachment; ')
      socket.write(Buffer.concat([head, raw, Buffer.from('\r\n\r\nhello')]))
    })
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    await download(`${server.url}/download?id=1`, { directory: dir }, QUICK).finished
    t.strictSame(names(dir), [name])
  }
})
