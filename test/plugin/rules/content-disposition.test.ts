import t from 'tap'
import { attachment } from '#plugin/rules/content-disposition.js'

/** RFC 6266 §4.1 with the quoted-string and token of RFC 9110 §5.6, and ext-value of RFC 8187 §3.2.1. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"'
const EXT_VALUE = "UTF-8''(?:%[0-9A-F]{2}|[!#$&+.^_`|~0-9A-Za-z-])*"
const GRAMMAR = new RegExp(`^attachment; filename=(${TOKEN}|${QUOTED})(?:; filename\\*=(${EXT_VALUE}))?$`)

/** The two names that a recipient reads off the field; throws when it is not by the grammar. */
function names(value: string): { fallback: string; extended: string | undefined } {
  const match = GRAMMAR.exec(value)
  if (match === null) throw new Error(`not by the grammar: ${JSON.stringify(value)}`)
  const [, plain = '', extended] = match
  const fallback = plain.startsWith('"') ? plain.slice(1, -1).replace(/\\(.)/g, '$1') : plain
  return {
    fallback,
    extended: extended === undefined ? undefined : decodeURIComponent(extended.slice("UTF-8''".length)),
  }
}

t.test('a recipient reads the file name as it was given', async (t) => {
  const cases = [
    { name: 'a token', file: 'plan.pdf' },
    { name: 'spaces', file: 'my plan.pdf' },
    { name: 'quotes', file: 'the "plan".pdf' },
    { name: 'an apostrophe', file: "it's.pdf" },
    { name: 'a semicolon and equals sign', file: 'a; filename=b.exe' },
    { name: 'a parameter that looks like ours', file: 'a"; filename*=UTF-8\'\'b.exe; x="' },
    { name: 'a percent sign', file: '100%.pdf' },
    { name: 'a percent escape', file: '%41.pdf' },
    { name: 'umlauts', file: 'Größe.pdf' },
    { name: 'beyond Latin-1', file: '☃ 日本.pdf' },
    { name: 'beyond the basic plane', file: '🎬.mp4' },
    { name: 'characters that ext-value must escape', file: "☃ '()*%,:;<=>?@[]{}.pdf" },
  ]
  for (const { name, file } of cases) {
    const { fallback, extended } = names(attachment(file, 'other.bin'))
    t.equal(extended ?? fallback, file, name)
    t.match(fallback, /^[\x20-\x7e\xa0-\xff]*$/, `${name}: the fallback is Latin-1`)
  }
})

t.test('a name beyond Latin-1 keeps a readable fallback', async (t) => {
  t.match(names(attachment('☃.pdf', '')), { fallback: /^.\.pdf$/, extended: '☃.pdf' })
})

t.test('`true` takes the last segment of the path', async (t) => {
  t.strictSame(names(attachment(true, 'a/b/plan.pdf')), { fallback: 'plan.pdf', extended: undefined })
  t.strictSame(names(attachment(true, 'plan.pdf')), { fallback: 'plan.pdf', extended: undefined })
})

t.test('only the last segment of a name is sent', async (t) => {
  const cases = [
    { file: '../../evil', want: 'evil' },
    { file: '/etc/passwd', want: 'passwd' },
    { file: '..\\..\\evil.exe', want: 'evil.exe' },
    { file: 'C:\\Windows\\evil.exe', want: 'evil.exe' },
    { file: '\\\\server\\share\\evil', want: 'evil' },
    { file: '..\\../evil', want: 'evil' },
    { file: 'a/b\\c', want: 'c' },
    { file: 'folder/', want: 'folder' },
    { file: 'folder/..', want: 'folder' },
    { file: 'folder/.\\', want: 'folder' },
    { file: '☃/日本.pdf', want: '日本.pdf' },
    { file: 'a/\r\n/../b\n', want: 'b_' },
    { file: '/..\0', want: '.._' },
    { file: '...', want: '...' },
    { file: '.env', want: '.env' },
  ]
  for (const { file, want } of cases) {
    for (const value of [attachment(file, 'other.bin'), attachment(true, file)]) {
      const { fallback, extended } = names(value)
      t.equal(extended ?? fallback, want, JSON.stringify(file))
      t.notMatch(fallback, /[/\\]/)
    }
  }
})

t.test('without a name the field is `attachment` alone', async (t) => {
  for (const name of ['', '.', '..', '/', '../..', '..\\..', '//', './\\/..']) {
    t.equal(attachment(name, 'other.bin'), 'attachment', JSON.stringify(name))
    t.equal(attachment(true, name), 'attachment', JSON.stringify(name))
  }
})

t.test('characters that could end the field are not sent', async (t) => {
  const cases = [
    { name: 'CRLF and a field', file: 'a.pdf\r\nSet-Cookie: a=b' },
    { name: 'LF and a field', file: 'a.pdf\nSet-Cookie: a=b' },
    { name: 'CR', file: 'a\rb.pdf' },
    { name: 'CRLF CRLF and a body', file: 'a.pdf\r\n\r\n<script>' },
    { name: 'NUL', file: 'a\0b.pdf' },
    { name: 'a tab', file: 'a\tb.pdf' },
    { name: 'DEL', file: 'a\x7fb.pdf' },
    { name: 'a C1 control', file: 'a\x85b.pdf' },
    { name: 'a quote and a line feed', file: '"\n' },
    { name: 'a lone surrogate', file: 'a\ud800b.pdf' },
    { name: 'a line separator', file: 'a\u2028b.pdf' },
    { name: 'characters whose low byte is CR and LF', file: 'a\u010d\u010ab.pdf' },
  ]
  for (const { name, file } of cases) {
    const value = attachment(file, '')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    t.notMatch(value, /[\x00-\x1f\x7f-\x9f]|[^\x00-\xff]/, name)
    t.doesNotThrow(() => names(value), `${name}: by the grammar`)
  }
})
