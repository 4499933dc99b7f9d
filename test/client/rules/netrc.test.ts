// The netrc file, as GNU inetutils and curl read it.
import t from 'tap'
import { type EntryKind, Netrc } from '#client/rules/netrc.js'

type Row = readonly [name: string, text: string, want: string | null, host?: string, kind?: EntryKind]

const rows: Row[] = [
  ['one line', 'machine h login me password pw', 'me pw'],
  ['several lines', 'machine h\n  login me\r\n\tpassword pw\n', 'me pw'],
  ['the password first', 'machine h password pw login me', 'me pw'],
  ['an account', 'machine h login me account login password pw', 'me pw'],
  ['the second machine', 'machine x login a password b\nmachine h login me password pw', 'me pw'],
  ['the first of two entries', 'machine h login me password pw\nmachine h login a password b', 'me pw'],
  ['another case', 'machine H.Example login me password pw', 'me pw', 'h.eXample'],
  ['a final dot', 'machine h login me password pw', 'me pw', 'h.'],
  ['another host', 'machine h login me password pw', null, 'x.h'],
  ['an IPv6 address', 'machine ::1 login me password pw', 'me pw', '::1'],
  ['no login', 'machine h password pw', null],
  ['no password', 'machine h login me', 'me '],
  ['default', 'machine x login a password b\ndefault login me password pw', 'me pw'],
  ['default before the machine', 'default login me password pw\nmachine h login a password b', 'me pw'],
  ['default, which does not count', 'default login a password b', null, 'h', 'named'],
  [
    'a machine after default',
    'default login a password b\nmachine h login me password pw',
    'me pw',
    'h',
    'named',
  ],
  ['quotes', 'machine "h" login "m e" password "p\\"w\\\\\\n\\t\\r\\x"', 'm e p"w\\\n\t\rx'],
  ['empty quotes', 'machine h login "" password ""', ' '],
  ['a quote without an end', 'machine h login me password "pw', 'me "pw'],
  ['a comment line', '# machine h login a password b\nmachine h login me password pw', 'me pw'],
  ['a comment after a value', 'machine h # login x\nlogin me password pw', 'me pw'],
  ['two comments', '#a\n  #b\nmachine h login me password pw', 'me pw'],
  ['a password that begins like a comment', 'machine h login me password #pw', 'me #pw'],
  ['a macro', 'machine h login me\nmacdef init\ncd /\nmachine h login a\n\npassword pw', 'me pw'],
  ['a macro at the end', 'machine h login me password pw\nmacdef init\nlogin x', 'me pw'],
  ['a macro without lines', 'machine h login me password pw macdef init', 'me pw'],
  ['a macro that a blank line ends', 'macdef x\na\n \t\nmachine h login me password pw', 'me pw'],
  ['an unknown word', 'machine h port 21 login me password pw', 'me pw'],
  ['words before the first machine', 'login a password b machine h login me password pw', 'me pw'],
  ['a byte order mark', '\ufeffmachine h login me password pw', 'me pw'],
  ['nothing', '', null],
  ['a machine without a name', 'machine', null],
  ['a login without a value', 'machine h login', null],
  ['a password without a value', 'machine h login me password', 'me '],
]

for (const [name, text, want, host = 'h', kind = 'any'] of rows) {
  t.test(`a netrc file has ${want === null ? 'no credentials' : 'the credentials'} (${name})`, async (t) => {
    const found = new Netrc(text).find(host, kind)
    t.equal(found === null ? null : `${found.login} ${found.password}`, want)
  })
}
