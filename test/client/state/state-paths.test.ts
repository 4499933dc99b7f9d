// The paths of the state of a download, and the names that they occupy.
import { createHash } from 'node:crypto'
import t from 'tap'
import {
  cutToBytes,
  hashOf,
  isStateName,
  pathForKey,
  recordPath,
  statePaths,
} from '#client/state/state-paths.js'

t.test('the state of a download lies beside its file, whatever its name', async (t) => {
  t.strictSame(statePaths('/d/a.bin'), {
    part: '/d/a.bin.part',
    journal: '/d/a.bin.part.json',
    lock: '/d/a.bin.part.lock',
  })
  const seen = new Set<string>()
  for (let length = 190; length <= 255; length++) {
    for (const end of ['a', 'b', '世']) {
      const name = 'x'.repeat(length - Buffer.byteLength(end)) + end
      const { part, lock } = statePaths(name)
      t.ok(Buffer.byteLength(`${lock}.${'0'.repeat(36)}`) <= 255, `${length} bytes`)
      t.notOk(seen.has(part))
      seen.add(part)
    }
  }
  t.ok(statePaths(pathForKey('a'.repeat(180), 'key')).part.startsWith(`${'a'.repeat(180)}.`))
  t.not(pathForKey('a', '1'), pathForKey('a', '2'))
})

t.test('a name of 200 bytes stays, one of 201 is cut and gets the hash of all of it', async (t) => {
  t.equal(statePaths('x'.repeat(200)).part, `${'x'.repeat(200)}.part`)
  const long = 'x'.repeat(201)
  t.equal(statePaths(`/d/${long}`).part, `/d/${'x'.repeat(183)}.${hashOf(long)}.part`)
})

t.test('the record of --update is hidden beside the file, and its name is not too long either', async (t) => {
  t.equal(recordPath('/d/a.bin'), '/d/.a.bin.range-get')
  const long = 'x'.repeat(255)
  t.equal(recordPath(long), `.${'x'.repeat(183)}.${hashOf(long)}.range-get`)
})

t.test('the hash of a key is 16 digits of its SHA-256', async (t) => {
  const digits = createHash('sha256').update('key').digest('hex').slice(0, 16)
  t.equal(hashOf('key'), digits)
  t.equal(pathForKey('/d/a', 'key'), `/d/a.${digits}`)
})

t.test('a text is cut to a number of bytes, between characters', async (t) => {
  for (const [text, most, want] of [
    ['abc', 3, 'abc'],
    ['abc', 2, 'ab'],
    ['abc', 0, ''],
    ['', 0, ''],
    ['éé', 3, 'é'],
    ['日本', 6, '日本'],
    ['日本', 5, '日'],
    ['🎉a', 4, '🎉'],
    ['🎉a', 3, ''],
    ['a🎉', 4, 'a'],
  ] as const)
    t.equal(cutToBytes(text, most), want, `${text} in ${most} bytes`)
})

t.test('a name is that of a state file in every spelling', async (t) => {
  for (const name of [
    'a.part',
    '.part',
    'a.part.json',
    'a.part.lock',
    'a.part.new',
    'a.part.done',
    'a.part.lock.1-2',
    'a.part.json.x',
  ])
    t.equal(isStateName(name), true, name)
  for (const name of [
    'part',
    'a.part.x',
    'a.parts',
    'a.part.jsonx',
    'a.json',
    'a.part.locks',
    'apart',
    'a.part_',
  ])
    t.equal(isStateName(name), false, name)
})
