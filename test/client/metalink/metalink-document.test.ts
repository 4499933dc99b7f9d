// RFC 5854, and what tools write.
import t from 'tap'
import { metalinkIn } from '#client/metalink/metalink-document.js'
import { fileElement, hex, metalink, NAMESPACE } from '../support/metalink.ts'

const CONTENT = Buffer.from('content of a file')
const URL_OF_FILE = 'https://example.com/file.bin'
const file = (content: string, name = 'file.bin'): string =>
  metalink(`<file name="${name}"><url>${URL_OF_FILE}</url>${content}</file>`)
const base64 = (bytes: Buffer): string => Buffer.from(hex(bytes), 'hex').toString('base64')

t.test('a document as MirrorBrain writes it', async (t) => {
  const described = fileElement(CONTENT, ['http://a.example/f', 'https://b.example/f'], {
    pieces: { length: 10 },
    more: '<metaurl mediatype="torrent" priority="1">http://h/f.torrent</metaurl><signature mediatype="application/pgp-signature">x</signature>',
  })
  const text = metalink(
    `<generator>MirrorBrain/2.17.0</generator><origin dynamic="true">http://h/f.meta4</origin>
    <published>2020-03-04T01:11:48Z</published>
    <publisher><name>Example</name><url>https://example.com</url></publisher>${described}`,
  )
  t.strictSame(await metalinkIn(text), {
    files: [
      {
        name: 'file.bin',
        urls: ['http://a.example/f', 'https://b.example/f'],
        size: CONTENT.length,
        digests: { 'sha-256': base64(CONTENT) },
        pieces: {
          algorithm: 'sha-256',
          length: 10,
          digests: [base64(CONTENT.subarray(0, 10)), base64(CONTENT.subarray(10))],
        },
      },
    ],
    notes: ['its torrents and other descriptions (metaurl) are not used: 1', 'its signature is not checked'],
  })
})

t.test('a file of which only a URL is known, and prefixes of the namespace', async (t) => {
  const nothing = { size: null, digests: {}, pieces: null }
  const expected = { files: [{ name: 'file.bin', urls: [URL_OF_FILE], ...nothing }], notes: [] }
  t.strictSame(await metalinkIn(file('')), expected)
  const prefixed = `<m:metalink xmlns:m="${NAMESPACE}"><m:file name="file.bin"><m:url> ${URL_OF_FILE}\n</m:url></m:file></m:metalink>`
  t.strictSame(await metalinkIn(prefixed), expected)
})

t.test('elements of other namespaces are ignored', async (t) => {
  const { files } = await metalinkIn(
    file('<x:size xmlns:x="urn:x">5</x:size><url xmlns="urn:x">http://evil.example/</url><y xmlns=""/>'),
  )
  t.strictSame([files[0]?.size, files[0]?.urls], [null, [URL_OF_FILE]])
})

t.test('several files stay in their order', async (t) => {
  const text = metalink(
    ['b', 'a', 'x/a'].map((name) => fileElement(CONTENT, [URL_OF_FILE], { name })).join(''),
  )
  const { files } = await metalinkIn(text)
  t.strictSame(
    files.map(({ name }) => name),
    ['b', 'a', 'x/a'],
  )
})

const urls = (...all: [attributes: string, url: string][]): string =>
  metalink(
    `<file name="f">${all.map(([attributes, url]) => `<url ${attributes}>${url}</url>`).join('')}</file>`,
  )

t.test('§4.2.16.2: URLs are used by their priority, of which 1 is the best and none the last', async (t) => {
  const text = urls(
    ['', 'http://h/none'],
    ['priority="100"', 'http://h/100'],
    ['priority="999999"', 'http://h/last'],
    ['priority="0"', 'http://h/zero'],
    ['priority="first"', 'http://h/word'],
    ['priority=" 2 "', 'http://h/2'],
    ['priority="1" location="de"', 'http://h/1'],
    ['priority="2"', 'http://h/also-2'],
  )
  const { files } = await metalinkIn(text)
  const paths = files[0]?.urls.map((url) => new URL(url).pathname.slice(1))
  t.strictSame(paths, ['1', '2', 'also-2', '100', 'none', 'last', 'zero', 'word'])
})

t.test('URLs that are not http or https, and repeated ones, are left out', async (t) => {
  const text = urls(
    ['', 'ftp://h/x'],
    ['', 'magnet:?xt=x'],
    ['', '/relative'],
    ['', 'file:///etc/passwd'],
    ['', 'HTTP://h/x'],
    ['', 'HTTP://h/x'],
  )
  t.match(await metalinkIn(text), {
    files: [{ urls: ['HTTP://h/x'] }],
    notes: ['its URLs that are neither http nor https are not used: 4'],
  })
})

t.test('one URL of another kind is said as well', async (t) => {
  const { notes } = await metalinkIn(urls(['', 'ftp://h/x'], ['', 'http://h/x']))
  t.strictSame(notes, ['its URLs that are neither http nor https are not used: 1'])
})

t.test('101 URLs of a file are used', async (t) => {
  const many = (count: number): string =>
    urls(...Array.from({ length: count }, (_, at): [string, string] => ['', `http://h/${at}`]))
  const all = await metalinkIn(many(101))
  t.strictSame([all.files[0]?.urls.length, all.notes], [101, []])
  t.strictSame((await metalinkIn(many(102))).notes, ['no more than 101 URLs of a file are used: 1 are not'])
  const more = await metalinkIn(many(103))
  t.strictSame(more.files[0]?.urls, all.files[0]?.urls)
  t.strictSame(more.notes, ['no more than 101 URLs of a file are used: 2 are not'])
})

t.test('a name is in the normal form that servers use', async (t) => {
  const { files } = await metalinkIn(file('', 'é.bin'.normalize('NFD')))
  t.equal(files[0]?.name, 'é.bin'.normalize('NFC'))
})

// "The path MUST NOT contain any directory traversal directives or information. The path MUST be relative. The path MUST NOT
// begin with a "/", "./", or "../"; contain "/../"; or end with "/..".
for (const [name, message] of [
  ['', /^file "": its name is empty$/],
  ['/etc/passwd', /its name \/etc\/passwd is not below the directory/],
  ['./a', /its name \.\/a has a name that is not safe/],
  ['../a', /its name \.\.\/a leads out of the directory/],
  ['a/../../b', /leads out of the directory/],
  ['a/..', /leads out of the directory/],
  ['a\\..\\b', /has a name that is not safe/],
  ['C:\\a', /is not below the directory/],
  ['.bashrc', /has a name that is not safe/],
  ['a/.ssh/authorized_keys', /has a name that is not safe/],
  ['-rf', /has a name that is not safe/],
  ['file.bin.part', /has a name that is not safe/],
  ['a&#x202e;b', /has a name that is not safe/],
  ['a&#10;b', /has a name that is not safe/],
] as const)
  t.test(`§4.1.2.1: a file must not have the name ${JSON.stringify(name)}`, async (t) => {
    await t.rejects(metalinkIn(file('', name)), { code: 'ERR_DOWNLOAD_USAGE', message })
  })

for (const [name, text, message] of [
  ['a page', '<html/>', 'it is not a Metalink: it is XML with the root html'],
  [
    'Metalink 3',
    '<metalink version="3.0" xmlns="http://www.metalinker.org/"><files/></metalink>',
    'it is a Metalink 3, and only Metalink 4 (RFC 5854) is read. Its publisher may have a file .meta4',
  ],
  ['Metalink 3 without a version', '<metalink xmlns="http://www.metalinker.org/"/>', /^it is a Metalink 3, /],
  ['Metalink 3 without a namespace', '<metalink version="3.0"/>', /^it is a Metalink 3, /],
  ['no namespace', '<metalink version="4.0"/>', `it is not a Metalink 4: its namespace is not ${NAMESPACE}`],
  ['another namespace', '<metalink xmlns="urn:x"/>', /^it is not a Metalink 4: /],
  ['no file', metalink('<generator>x</generator>'), 'it describes no file'],
  ['no name', metalink('<file/>'), 'file "": its name is empty'],
  ['no URL', metalink('<file name="f"/>'), 'file "f": it has no http or https URL'],
  [
    'only a torrent',
    metalink('<file name="f"><metaurl mediatype="torrent">http://h/</metaurl></file>'),
    'file "f": it has no http or https URL',
  ],
  ['two sizes', file('<size>1</size><size>2</size>'), 'file "file.bin": it has two sizes'],
  [
    'a size that is not a number',
    file('<size>1.5</size>'),
    'file "file.bin": its size "1.5" is not a number',
  ],
  ['a size below 0', file('<size>-1</size>'), 'file "file.bin": its size "-1" is not a number'],
  [
    'a long size',
    file(`<size>${'x'.repeat(201)}</size>`),
    `file "file.bin": its size "${'x'.repeat(200)}" is not a number`,
  ],
  [
    'text that is no hash',
    file('<hash type="md5">x</hash>'),
    'file "file.bin": it has a hash that is not a md5: "x"',
  ],
  [
    'pieces that are not its size',
    file(`<size>9</size><pieces length="4" type="md5"><hash>${hex(CONTENT, 'md5')}</hash></pieces>`),
    'file "file.bin": it has 9 bytes, which are not 1 pieces of 4',
  ],
  [
    'two files with one name',
    metalink(fileElement(CONTENT, [URL_OF_FILE]) + fileElement(CONTENT, [URL_OF_FILE])),
    'it has two files with the name file.bin',
  ],
  [
    'two names that some file systems do not distinguish',
    metalink(
      ['NFC', 'NFD']
        .map((form) => fileElement(CONTENT, [URL_OF_FILE], { name: 'é'.normalize(form) }))
        .join(''),
    ),
    'it has two files with the name é',
  ],
] as const)
  t.test(`a document that is wrong is refused: ${name}`, async (t) => {
    await t.rejects(metalinkIn(text), { code: 'ERR_DOWNLOAD_USAGE', message })
  })

t.test('one size that is there twice is one', async (t) => {
  const { files } = await metalinkIn(file('<size>5</size><size> 5 </size>'))
  t.equal(files[0]?.size, 5)
})
