import t from 'tap'
import { documentText } from '#client/metalink/document-text.js'

const declared = (encoding: string): string => `<?xml version="1.0" encoding="${encoding}"?><a>é</a>`
const utf16be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()

for (const [name, bytes, text] of [
  ['UTF-8', Buffer.from('<a>é</a>'), '<a>é</a>'],
  ['UTF-8 with a byte order mark', Buffer.from('\uFEFF<a>é</a>'), '<a>é</a>'],
  ['UTF-8 with a mark and a declaration', Buffer.from(`\uFEFF${declared('UTF-8')}`), declared('UTF-8')],
  ['UTF-16 with the mark of little endian', Buffer.from('\uFEFF<a>é</a>', 'utf16le'), '<a>é</a>'],
  ['UTF-16 with the mark of big endian', utf16be('\uFEFF<a>é</a>'), '<a>é</a>'],
  ['ISO-8859-1, as it declares', Buffer.from(declared('ISO-8859-1'), 'latin1'), declared('ISO-8859-1')],
  ["a declaration with '", Buffer.from("<?xml version='1.0' encoding = 'latin1' ?>é", 'latin1'), null],
  ['a declaration of something else', Buffer.from('<a x=" encoding=\'latin1\'">é</a>'), null],
  ['a part of a buffer', Buffer.from('xx<a>é</a>').subarray(2), '<a>é</a>'],
] as const)
  t.test(`the text of a document is read: ${name}`, async (t) => {
    const read = documentText(bytes)
    if (text === null) t.match(read, /é/)
    else t.equal(read, text)
  })

t.test('a string is the text already', async (t) => {
  t.equal(documentText('<a/>'), '<a/>')
})

for (const [name, bytes, message] of [
  ['bytes that are not UTF-8', Buffer.from([0x3c, 0xff]), 'it is not text in utf-8'],
  ['an encoding that nobody knows', Buffer.from(declared('klingon')), 'it is not text in klingon'],
  ['half a character of UTF-16', Buffer.from([0xff, 0xfe, 0x3c]), 'it is not text in utf-16le'],
  ['more than 32 MiB', Buffer.alloc(32 * 1024 * 1024 + 1, ' '), 'it is too long for a Metalink'],
  ['a number', 5 as unknown as Buffer, 'a Metalink is a string or bytes'],
] as const)
  t.test(`what is not text is an error: ${name}`, async (t) => {
    t.throws(() => documentText(bytes), { code: 'ERR_DOWNLOAD_USAGE', message })
  })

t.test('32 MiB are not too long', async (t) => {
  t.equal(documentText(Buffer.alloc(32 * 1024 * 1024, ' ')).length, 32 * 1024 * 1024)
})
