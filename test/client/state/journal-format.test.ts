// Journals with a valid proof but another shape are not accepted.
import { createHmac } from 'node:crypto'
import t from 'tap'
import { decodeJournal, encodeJournal, type JournalRecord, sealedKey } from '#client/state/journal-format.js'

const SECRET = Buffer.alloc(32, 'secret')
const VALIDATORS = { total: 10, etag: '"a"', lastModified: null, dateIsStrong: false, digests: {} }
const RECORD: JournalRecord = {
  writer: 'token',
  name: 'b.part',
  part: { inode: '1', born: null },
  key: 'http://a/b',
  validators: VALIDATORS,
  contentType: 'text/plain',
  blocks: [
    { start: 0, end: 4, crc: 1 },
    { start: 4, end: 5, crc: 0 },
    { start: 7, end: 9, crc: 4_294_967_295 },
  ],
}
const FIELDS = { ...RECORD, blocks: [[0, 4, 1]] }

/** A text with a valid proof for any body. */
function proven(body: unknown): string {
  const text = JSON.stringify(body)
  const proof = createHmac('sha256', SECRET).update(`range-get journal 3\n${text}`).digest('hex')
  return `range-get journal 3 ${proof}\n${text}\n`
}

const PLACEHOLDER = { name: 'b', file: { inode: '2', born: null }, written: '1790000000000000001' }

t.test('a record comes back as it was written', async (t) => {
  for (const record of [
    RECORD,
    { ...RECORD, writer: null, part: null, contentType: null, blocks: [] },
    { ...RECORD, source: sealedKey('http://mirror/b', SECRET) },
    { ...RECORD, placeholder: PLACEHOLDER },
    { ...RECORD, placeholder: { ...PLACEHOLDER, file: null, written: '-1' } },
  ])
    t.strictSame(decodeJournal(encodeJournal(record, SECRET), SECRET), record)
  t.strictSame(decodeJournal(proven(FIELDS), SECRET)?.blocks, [{ start: 0, end: 4, crc: 1 }])
})

t.test('only a journal about a mirror has a format that older programs do not read', async (t) => {
  t.match(encodeJournal(RECORD, SECRET), /^range-get journal 3 /)
  t.match(encodeJournal({ ...RECORD, source: 'a' }, SECRET), /^range-get journal 4 /)
})

t.test('a sealed key needs the secret', async (t) => {
  const sealed = sealedKey('http://a/b', SECRET)
  t.match(sealed, /^[\da-f]{64}$/)
  t.equal(sealedKey('http://a/b', SECRET), sealed)
  t.not(sealedKey('http://a/c', SECRET), sealed)
  t.not(sealedKey('http://a/b', Buffer.alloc(32, 'guess')), sealed)
})

t.test('a text with one changed or added byte is not a journal', async (t) => {
  const text = encodeJournal(RECORD, SECRET)
  t.equal(decodeJournal(text, Buffer.alloc(32, 'guess')), null, 'by another secret')
  t.equal(decodeJournal(`${text}{}\n`, SECRET), null, 'a line more')
  t.equal(decodeJournal(`${text}{}`, SECRET), null, 'half a line more')
  t.equal(decodeJournal(`${text}\n`, SECRET), null, 'an empty line more')
  for (let length = 0; length < text.length; length++)
    t.equal(decodeJournal(text.slice(0, length), SECRET), null, `cut after ${length}`)
  for (let at = 0; at < text.length; at++) {
    const flipped = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1)
    t.equal(decodeJournal(flipped, SECRET), null, `a bit flipped at ${at}`)
  }
})

const without = (name: string) => Object.fromEntries(Object.entries(FIELDS).filter(([key]) => key !== name))

const shapes: [name: string, body: unknown][] = [
  ['null', null],
  ['text', 'text'],
  ['a list', []],
  ...Object.keys(FIELDS).map((name): [string, unknown] => [`without ${name}`, without(name)]),
  ['a key that is not text', { ...FIELDS, key: 1 }],
  ['a mirror that is not text', { ...FIELDS, source: 1 }],
  ['validators that are text', { ...FIELDS, validators: 'a' }],
  ['blocks that are not a list', { ...FIELDS, blocks: { 0: [0, 4, 1] } }],
  ['a block that is not a list', { ...FIELDS, blocks: [{ start: 0, end: 4, crc: 1 }] }],
  ['a block without a CRC', { ...FIELDS, blocks: [[0, 4]] }],
  ['a block with half a byte', { ...FIELDS, blocks: [[0, 4.5, 1]] }],
  ['a block of numbers written as text', { ...FIELDS, blocks: [['0', '4', '1']] }],
  ['a block before the first byte', { ...FIELDS, blocks: [[-1, 4, 1]] }],
  ['a block that ends before it begins', { ...FIELDS, blocks: [[4, 2, 1]] }],
  ['an empty block', { ...FIELDS, blocks: [[4, 4, 0]] }],
  ...[
    null,
    'b',
    {},
    { name: 'b', file: null },
    { name: 'b', written: '1' },
    { file: null, written: '1' },
  ].map((placeholder): [string, unknown] => [
    `an empty file that is ${JSON.stringify(placeholder)}`,
    { ...FIELDS, placeholder },
  ]),
  ...[
    { ...PLACEHOLDER, name: 1 },
    { ...PLACEHOLDER, written: 1 },
    { ...PLACEHOLDER, written: 'x1' },
    { ...PLACEHOLDER, written: '1.5' },
    { ...PLACEHOLDER, written: '' },
  ].map((placeholder): [string, unknown] => [
    `an empty file that is ${JSON.stringify(placeholder)}`,
    { ...FIELDS, placeholder },
  ]),
  [
    'blocks that overlap',
    {
      ...FIELDS,
      blocks: [
        [0, 4, 1],
        [3, 6, 1],
      ],
    },
  ],
  [
    'blocks out of order',
    {
      ...FIELDS,
      blocks: [
        [4, 6, 1],
        [0, 2, 1],
      ],
    },
  ],
]
for (const [name, body] of shapes) {
  t.test(`a proven text is not a journal: ${name}`, async (t) => {
    t.equal(decodeJournal(proven(body), SECRET), null)
  })
}
