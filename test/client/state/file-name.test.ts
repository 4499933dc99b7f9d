import fc from 'fast-check'
import t from 'tap'
import { nameFromDisposition, nameFromUrl, safeName } from '#client/state/file-name.js'

t.test('a name from a server or a URL becomes a safe name of one segment', async (t) => {
  const rows: [string, string][] = [
    ['file.iso', 'file.iso'],
    ['../../evil', 'evil'],
    ['..\\..\\evil', 'evil'],
    ['/etc/passwd', 'passwd'],
    ['C:\\x\\y', 'y'],
    ['..', 'download'],
    ['', 'download'],
    ['.', 'download'],
    ['...', 'download'],
    ['.bashrc', 'bashrc'],
    ['a\0b\n\u001b[31mc', 'ab[31mc'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['a:b*c?', 'a_b_c_'],
    ['trailing. . ', 'trailing'],
    ['gpj.\u202Efdp', 'gpj.fdp'],
    ['naïve 世界.txt', 'naïve 世界.txt'],
    ['dir/', 'dir'],
    ['-rf', '_-rf'],
    ['.-rf', '_-rf'],
    ['\u2011\uff0drf', '\u2011\uff0drf'],
    ['\uff0drf', '_\uff0drf'],
    ['~root', '_~root'],
    ['LPT1 .txt', '_LPT1 .txt'],
    ['com\u00b9.log', '_com\u00b9.log'],
    ['\uff23\uff2f\uff2e', '_\uff23\uff2f\uff2e'],
    ['CON .a.b', '_CON .a.b'],
    ['console.txt', 'console.txt'],
    ['\u3164', 'download'],
    ['a\u3164\u2800\u034f\ufe0f.txt', 'a.txt'],
    ['blank\u3000\u00a0', 'blank'],
    ['x.part', 'x.part_'],
    ['x.part.json', 'x.part.json_'],
    ['x.PART.Lock', 'x.PART.Lock_'],
    ['x.part.json.tmp', 'x.part.json.tmp_'],
    ['x.part.lock.1-2', 'x.part.lock.1-2_'],
    ['x.part.new', 'x.part.new_'],
    ['x.part.done.1-2', 'x.part.done.1-2_'],
    ['x.part. . ', 'x.part_'],
    ['x.p\u200bart.j\u017fon', 'x.part.j\u017fon_'],
    ['.part', 'part'],
    ['x.part.txt', 'x.part.txt'],
    ['x.part1.rar', 'x.part1.rar'],
  ]
  for (const [given, want] of rows) t.equal(safeName(given), want, JSON.stringify(given))
  const long = safeName(`${'世'.repeat(300)}.tar`)
  t.ok(Buffer.byteLength(long) <= 180 && long.endsWith('.tar'), 'cut between characters, the extension kept')
  const other = safeName(`${'世'.repeat(299)}-.tar`)
  t.not(long, other, 'two names that begin alike stay two')
  t.equal(nameFromUrl(new URL('http://a/b/c.bin?x=/../y')), 'c.bin')
  t.equal(nameFromUrl(new URL('http://a/x.part.json')), 'x.part.json_')
  t.equal(nameFromUrl(new URL('http://a/%2e%2e%2fc')), 'c')
  t.equal(nameFromUrl(new URL('http://a/%ff')), '%ff')
  t.equal(nameFromDisposition('attachment; filename="a.bin"'), 'a.bin')
  t.equal(nameFromDisposition(`attachment; filename="a.bin"; filename*=UTF-8''%e2%82%ac.bin`), '€.bin')
  t.equal(nameFromDisposition('attachment'), null)
  t.equal(nameFromDisposition(null), null)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const safe = safeName(name)
      return (
        safe !== '' && !/[/\\\p{Cc}]/u.test(safe) && !/^[.~-]/.test(safe) && Buffer.byteLength(safe) <= 180
      )
    }),
  )
})
