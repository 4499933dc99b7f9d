import t from 'tap'
import { type FileVersion, losesName, sameContent } from '#plugin/files/file-version.js'
import { hasContentOf, VersionHistory } from '#plugin/files/version-history.js'

const WRITTEN = 1_600_000_000_123_456_789n
const LATER = WRITTEN + 5_000_000_000n

/** As ext4 gives it. */
const BORN: FileVersion = {
  dev: 40n,
  ino: 7n,
  birthtimeNs: WRITTEN,
  size: 8n,
  mtimeNs: WRITTEN,
  ctimeNs: WRITTEN,
  atimeNs: WRITTEN,
  mode: 0o100644n,
  uid: 0n,
  gid: 0n,
  nlink: 2n,
}
/** As FUSE gives it. */
const UNBORN: FileVersion = { ...BORN, birthtimeNs: 0n }

interface Row {
  readonly name: string
  /** What the next look sees. */
  readonly change: Partial<FileVersion>
  /** Whether this is the same content, where the file has a time of birth and where it has none. */
  readonly born: boolean
  readonly unborn: boolean
}

const ROWS: readonly Row[] = [
  { name: 'nothing', change: {}, born: true, unborn: true },
  { name: 'read', change: { atimeNs: LATER + 1n }, born: true, unborn: true },
  { name: 'chmod', change: { ctimeNs: LATER, mode: 0o100600n }, born: true, unborn: false },
  { name: 'chown', change: { ctimeNs: LATER, uid: 1000n }, born: true, unborn: false },
  { name: 'chgrp', change: { ctimeNs: LATER, gid: 1000n }, born: true, unborn: false },
  { name: 'ln', change: { ctimeNs: LATER, nlink: 3n }, born: true, unborn: false },
  { name: 'rm of another hard link', change: { ctimeNs: LATER, nlink: 1n }, born: true, unborn: false },
  { name: 'its last name is gone', change: { ctimeNs: LATER, nlink: 0n }, born: true, unborn: true },
  { name: 'touch -a', change: { ctimeNs: LATER, atimeNs: LATER }, born: true, unborn: false },
  { name: 'the mtime put back', change: { ctimeNs: LATER }, born: false, unborn: false },
  { name: 'written', change: { ctimeNs: LATER, mtimeNs: LATER }, born: false, unborn: false },
  { name: 'longer', change: { ctimeNs: LATER, size: 9n }, born: false, unborn: false },
  {
    name: 'another file of another mode in its place',
    change: { ino: 8n, ctimeNs: LATER, mode: 0o100600n },
    born: false,
    unborn: false,
  },
  { name: 'another file of the same times', change: { ino: 8n }, born: false, unborn: false },
  {
    name: 'another file that has no name left',
    change: { ino: 8n, ctimeNs: LATER, nlink: 0n },
    born: false,
    unborn: false,
  },
]

for (const { name, change, born, unborn } of ROWS) {
  t.test(
    `two checks show the same content or another one, with and without a birth time (${name})`,
    async (t) => {
      t.equal(sameContent(BORN, { ...BORN, ...change }, 'keep atime'), born)
      t.equal(sameContent(UNBORN, { ...UNBORN, ...change }, 'keep atime'), unborn)
    },
  )
}

t.test('another birth time is another file, also if the ctime has an explanation', async (t) => {
  const other = { ...BORN, birthtimeNs: LATER, ctimeNs: LATER, mode: 0o100600n }
  t.notOk(sameContent(BORN, other, 'keep atime'))
  t.notOk(losesName(BORN, { ...other, nlink: 1n }))
})

t.test('a missing name is no explanation if the file had none when it was opened', async (t) => {
  const nameless = { ...UNBORN, nlink: 0n }
  t.notOk(sameContent(nameless, { ...nameless, ctimeNs: LATER }, 'keep atime'))
})

t.test('a path that leads elsewhere is no explanation if the descriptor shows another file', async (t) => {
  const seen = { version: UNBORN, realPath: t.testdirName, reads: 'keep atime' } as const
  t.ok(await hasContentOf(seen, { ...UNBORN, ctimeNs: LATER }), 'renamed')
  t.notOk(await hasContentOf(seen, { ...UNBORN, ino: 8n, ctimeNs: LATER }))
})

t.test('a tag survives a chmod only if the birth time shows that it is one file', async (t) => {
  const history = new VersionHistory()
  for (const [version, want] of [
    [BORN, WRITTEN],
    [UNBORN, LATER],
  ] as const) {
    const seen = { version, realPath: t.testdirName, reads: 'keep atime' } as const
    t.equal(await history.ctimeOf(seen), WRITTEN)
    const changed = { ...version, ctimeNs: LATER, mode: 0o100600n }
    t.equal(await history.ctimeOf({ ...seen, version: changed }), want)
  }
})
