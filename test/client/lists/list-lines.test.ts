import t from 'tap'
import { type ListItem, ListLines } from '#client/lists/list-lines.js'

const SHA = `sha-256=${'ab'.repeat(32)}`

function read(...texts: readonly string[]): ListItem[] {
  const lines = new ListLines()
  return [...texts.flatMap((text) => lines.add(text)), ...lines.end()]
}

const file = (line: number, url: string, values: { out?: string; checksum?: string } = {}): ListItem => ({
  kind: 'file',
  line,
  url,
  out: values.out ?? null,
  checksum: values.checksum ?? null,
})

const fault = (line: number, message: string): ListItem => ({ kind: 'fault', line, message })

const rows: [name: string, lines: string[], items: ListItem[]][] = [
  ['nothing', [], []],
  ['a URL a line', ['http://h/a', 'https://h/b'], [file(1, 'http://h/a'), file(2, 'https://h/b')]],
  ['a host without a scheme', ['example.com/a'], [file(1, 'http://example.com/a')]],
  ['empty lines and comments', ['', '# http://h/a', '  ', '  # x', 'http://h/b'], [file(5, 'http://h/b')]],
  [
    'values after the URL',
    [`http://h/a out=b.iso  checksum=${SHA}`, `http://h/c\tchecksum=${SHA}\tout=d/e.iso`],
    [
      file(1, 'http://h/a', { out: 'b.iso', checksum: SHA }),
      file(2, 'http://h/c', { out: 'd/e.iso', checksum: SHA }),
    ],
  ],
  [
    'values below the URL, as aria2 has them',
    [
      'http://h/a',
      '  out=with blanks.iso',
      '',
      '# x',
      `\tchecksum=${SHA}`,
      'http://h/b out=c',
      ` checksum = ${SHA}`,
    ],
    [
      file(1, 'http://h/a', { out: 'with blanks.iso', checksum: SHA }),
      file(6, 'http://h/b', { out: 'c', checksum: SHA }),
    ],
  ],
  [
    'JSON lines',
    [
      '{"url":"http://h/a"}',
      `{"url":"h/b","out":"c d","checksum":"${SHA}"}`,
      '{"url":"http://h/e","out":null,"checksum":null}',
    ],
    [file(1, 'http://h/a'), file(2, 'http://h/b', { out: 'c d', checksum: SHA }), file(3, 'http://h/e')],
  ],
  [
    'a JSON line ends the URL above it',
    ['http://h/a', '{"url":"http://h/b"}'],
    [file(1, 'http://h/a'), file(2, 'http://h/b')],
  ],
  [
    'a value after a JSON line',
    ['{"url":"http://h/a"}', ' out=b'],
    [file(1, 'http://h/a'), fault(2, 'it begins with a blank, but no URL is above it')],
  ],
  [
    'lines of a wrong URL say nothing new, and the next URL is read',
    ['ftp://h/a', '  out=b', '  split=5', 'http://h/c', '  out=d'],
    [fault(1, 'only http and https can be fetched, not ftp://h/a'), file(4, 'http://h/c', { out: 'd' })],
  ],
  [
    'a wrong value takes its URL with it, once',
    ['http://h/a', '  split=5', '  out=b', 'http://h/c'],
    [fault(2, 'there is no split=; a line may have out= and checksum='), file(4, 'http://h/c')],
  ],
  [
    'the URL above a wrong one stays',
    ['http://h/a', 'http://', 'http://h/c'],
    [file(1, 'http://h/a'), fault(2, 'not a URL: http://'), file(3, 'http://h/c')],
  ],
  [
    'a wrong URL, and then a wrong value of a right one',
    ['ftp://h/a', 'http://h/b', ' split=5'],
    [
      fault(1, 'only http and https can be fetched, not ftp://h/a'),
      fault(3, 'there is no split=; a line may have out= and checksum='),
    ],
  ],
  ['a value above every URL', ['  out=a'], [fault(1, 'it begins with a blank, but no URL is above it')]],
  [
    'two wrong lines',
    ['http://', 'ftp://h/'],
    [fault(1, 'not a URL: http://'), fault(2, 'only http and https can be fetched, not ftp://h/')],
  ],
  [
    'a misspelt value',
    ['http://h/a checksun=x'],
    [fault(1, 'there is no checksun=; did you mean checksum?; a line may have out= and checksum=')],
  ],
  ['a mirror', ['http://h/a\thttp://g/a'], [fault(1, 'it has a second URL; write one URL on a line')]],
  [
    'a word',
    ['http://h/a b'],
    [
      fault(
        1,
        '"b" is neither out= nor checksum=; a name with blanks is written below its URL, after a blank',
      ),
    ],
  ],
  ['a value twice', ['http://h/a out=b out=c'], [fault(1, 'out= is given twice')]],
  ['a value twice, below', ['http://h/a out=b', ' out=b'], [fault(2, 'out= is given twice')]],
  ['no value', ['http://h/a out='], [fault(1, 'out= is empty')]],
  [
    'a name that leads out',
    ['http://h/a out=../b'],
    [fault(1, 'out=../b leads out of the directory of the download')],
  ],
  [
    'another algorithm',
    ['http://h/a checksum=md5=00'],
    [
      fault(
        1,
        'not a checksum: "md5=00". Write sha-256= or sha-512=, and then the digest in hexadecimal or base64',
      ),
    ],
  ],
  ['a line that only begins as JSON', ['{"url":'], [fault(1, 'it begins with { but is not a JSON object')]],
  ['JSON without a URL', ['{"out":"a"}'], [fault(1, '"url" is missing')]],
  [
    'JSON with another property',
    ['{"url":"http://h/a","sha":"x"}'],
    [fault(1, 'there is no property "sha"')],
  ],
  [
    'JSON with a misspelt property',
    ['{"ulr":"http://h/a"}'],
    [fault(1, 'there is no property "ulr"; did you mean url?')],
  ],
  ['JSON with a number', ['{"url":"http://h/a","out":5}'], [fault(1, '"out" must be a string')]],
  ['JSON with a URL that is null', ['{"url":null}'], [fault(1, '"url" must be a string')]],
]

for (const [name, lines, items] of rows)
  t.test(`a list is read: ${name}`, async (t) => {
    t.strictSame(read(...lines), items)
  })

t.test('a URL is there with the next line, and a JSON line at once', async (t) => {
  const lines = new ListLines()
  t.strictSame(lines.add('http://h/a'), [])
  t.strictSame(lines.add('http://h/b'), [file(1, 'http://h/a')])
  t.strictSame(lines.add('{"url":"http://h/c"}'), [file(2, 'http://h/b'), file(3, 'http://h/c')])
  t.strictSame(lines.end(), [])
})

t.test('a user and a password are not shown', async (t) => {
  t.strictSame(read('ftp://user:secret@h/a?token=1'), [
    fault(1, 'only http and https can be fetched, not ftp://h/a'),
  ])
})
