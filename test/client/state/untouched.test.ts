// Which names in a folder may be state that an earlier run of a download has left.
import t from 'tap'
import { mayHaveState } from '#client/state/untouched.js'

const OWN = { plain: { part: 'file.bin.part' }, own: { lock: 'file.bin.0123456789abcdef.part.lock' } }
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
  ['the part file of another download, which may be it under another spelling', 'other.part'],
]

const NOT_LEFT: readonly (readonly [what: string, name: string])[] = [
  ['the lock that was just made', 'file.bin.part.lock'],
  ['the finished file of another download', 'other.bin'],
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
