// Which names in a folder may be state that an earlier run of a download has left.
import t from 'tap'
import { type OwnNames, StateNames } from '#client/state/untouched.js'

const mayHaveState = (names: readonly string[], own: OwnNames): boolean => new StateNames(names).mayBeOf(own)
const isStateSpelling = (name: string): boolean => new StateNames(['x', name]).all.includes(name)

const OWN = {
  plain: { part: 'file.bin.part' },
  own: { part: 'file.bin.0123456789abcdef.part', lock: 'file.bin.0123456789abcdef.part.lock' },
}
const TOKEN = '00001f65-1cb5-f194-b030-80af02aca0e6'

const LEFT: readonly (readonly [what: string, name: string])[] = [
  ['its part file', 'file.bin.part'],
  ['its journal', 'file.bin.part.json'],
  ['its part file, as a file system without case spells it', 'FILE.BIN.PART'],
  ['its journal with a long s, which is an s where case does not count', 'file.bin.part.j\u017fon'],
  ['its part file with a dot at the end, which Windows ignores', 'file.bin.part.'],
  ['the part file under its other name', 'file.bin.0123456789abcdef.part'],
  ['the lock under its other name', 'file.bin.0123456789abcdef.part.lock'],
  ['the same lock in capitals', 'FILE.BIN.0123456789ABCDEF.PART.LOCK'],
  ['its part file in capitals of another width', 'file.bin.\uff30\uff21\uff32\uff34'],
  ['a draft of its part file', `file.bin.part.new.${TOKEN}`],
  ['its complete file', `file.bin.part.done.${TOKEN}`],
  ['its complete file in capitals', `FILE.BIN.PART.done.${TOKEN}`],
  ['a draft of its journal', `file.bin.part.json.new.${TOKEN}`],
  ['the journal under its other name', 'file.bin.0123456789abcdef.part.json'],
  ['a part file in letters about which each system has its own rules', 'f\u0131le.bin.part'],
]

const NOT_LEFT: readonly (readonly [what: string, name: string])[] = [
  ['the lock that was just made', 'file.bin.part.lock'],
  ['the finished file of another download', 'other.bin'],
  ['the part file of another one', 'other.part'],
  ['the journal of another one', 'other.bin.part.json'],
  ['a part file that begins like its own', 'file.bin2.part'],
  ['a name with an accent that is no part file', 'd\u00e9part'],
  ['the lock of another one', 'other.bin.part.lock'],
  ['a draft of a lock', `file.bin.part.lock.new.${TOKEN}`],
  ['a draft of another part file', `other.bin.part.new.${TOKEN}`],
  ['a name that only begins like a draft', 'file.bin.part.new.txt'],
  ['a name with the letters of a part file elsewhere', 'file.part.bin'],
  ['a name that ends with part without a dot', 'depart'],
]

for (const [what, name] of LEFT)
  t.ok(mayHaveState(['a.bin', name, 'z.bin'], OWN), `${what} may be state: ${name}`)
for (const [what, name] of NOT_LEFT)
  t.notOk(mayHaveState(['a.bin', name, 'z.bin'], OWN), `${what} is no state: ${name}`)
t.notOk(mayHaveState([], OWN), 'an empty folder has no state')

const ACCENTED = {
  plain: { part: 'f\u00efle.part' },
  own: { part: 'f\u00efle.0123.part', lock: 'f\u00efle.0123.part.lock' },
}
t.ok(
  mayHaveState(['other.part'], ACCENTED),
  'a file with an accent may have any part file, spelled otherwise',
)
t.notOk(mayHaveState(['other.bin'], ACCENTED), 'a file with an accent has no file that is no part file')

for (const [what, name] of LEFT) t.ok(isStateSpelling(name), `${what} has a spelling of state: ${name}`)
for (const name of ['a.part', 'a.part.json', 'a.part.lock', 'A.PART.LOCK', `a.part.lock.new.${TOKEN}`])
  t.ok(isStateSpelling(name), `state may have the name ${name}`)
for (const name of [
  'a.bin',
  'apart',
  'a.part.bin',
  'a.part1.rar',
  'a.part.lock.txt',
  'd\u00e9part',
  '.a.range-get',
])
  t.notOk(isStateSpelling(name), `no state has the name ${name}`)

const SEVERAL = new StateNames([
  'a.part',
  'b.part.json',
  'c.part.part.lock',
  `d.part.json.new.${TOKEN}`,
  'e.part.txt',
  'f.bin',
])
for (const part of ['b.part', 'c.part', 'c.part.part', 'd.part'])
  t.ok(SEVERAL.hasBehind(part), `something is behind ${part}`)
for (const part of ['a.part', 'part', 'c', 'd.part.json', 'e.part', 'f.part'])
  t.notOk(SEVERAL.hasBehind(part), `nothing of state is behind ${part}`)
t.strictSame(SEVERAL.temporaries, [{ file: 'd.part.json', stage: 'new', token: TOKEN }])
t.notOk(
  mayHaveState(['other.part', 'another.part.json'], OWN),
  'part files of others are not in doubt, however many they are',
)
t.ok(mayHaveState(['\u0131.part', 'other.part'], OWN), 'but one with an accent is')
t.ok(
  mayHaveState(['file.bin.part'], { ...OWN, own: { ...OWN.own, part: 'f\u00efle.part' } }),
  'one of two names with an accent is enough',
)
t.ok(
  mayHaveState(['other.part'], { ...OWN, plain: { part: 'f\u00efle.part' } }),
  'also if it is the first one',
)
