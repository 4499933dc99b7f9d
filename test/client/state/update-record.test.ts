import t from 'tap'
import { openSealed, sealText } from '#client/state/sealed-text.js'
import { decodeRecord, encodeRecord, isSameMark, type UpdateRecord } from '#client/state/update-record.js'

const SECRET = Buffer.alloc(32, 'secret')
const MARK = { size: 10, modified: '1', changed: '2', id: { inode: '3', born: '4' } }
const RECORD: UpdateRecord = {
  name: 'b',
  key: 'k',
  mark: MARK,
  sha256: 'x',
  validators: { total: 10, etag: '"a"', lastModified: null, dateIsStrong: false, digests: {} },
  integrity: 'length',
  digest: null,
}

t.test('a record comes back as it was written', async (t) => {
  t.strictSame(decodeRecord(encodeRecord(RECORD, SECRET), SECRET), RECORD)
})

t.test('a text with one changed or added byte is not a record', async (t) => {
  const text = encodeRecord(RECORD, SECRET)
  t.equal(decodeRecord(text, Buffer.alloc(32, 'guess')), null, 'by another secret')
  t.equal(decodeRecord(`${text}\n`, SECRET), null)
  for (let at = 0; at < text.length; at++) {
    t.equal(decodeRecord(text.slice(0, at), SECRET), null, `cut after ${at}`)
    const flipped = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1)
    t.equal(decodeRecord(flipped, SECRET), null, `flipped at ${at}`)
  }
})

t.test('a sealed text is of one format', async (t) => {
  const text = sealText('body', { format: 'one', secret: SECRET })
  t.equal(openSealed(text, { format: 'one', secret: SECRET }), 'body')
  t.equal(openSealed(text, { format: 'two', secret: SECRET }), null)
  t.equal(openSealed('', { format: 'one', secret: SECRET }), null)
})

t.test('a mark differs if anything of it differs', async (t) => {
  t.ok(isSameMark(MARK, { ...MARK, id: { ...MARK.id } }))
  t.ok(isSameMark({ ...MARK, id: null }, { ...MARK, id: null }))
  const others = [
    { size: 11 },
    { modified: '9' },
    { changed: '9' },
    { id: null },
    { id: { inode: '9', born: '4' } },
    { id: { inode: '3', born: null } },
  ]
  for (const other of others) t.notOk(isSameMark(MARK, { ...MARK, ...other }), JSON.stringify(other))
})
