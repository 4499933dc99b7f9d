// The files of a killed run are damaged. The next run ends with the exact file all the same.
import {
  appendFileSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { makeContent, resource } from '../support/hostile-server.ts'
import { ARGS, killAfter } from '../support/kill.ts'
import { names, readOrNull } from '../support/run.ts'
import { type SlowServer, startSlow } from '../support/slow-server.ts'

const SIZE = 8 * 1024 * 1024
const CONTENT = makeContent(SIZE)
const A = resource(CONTENT)
const B = resource(makeContent(SIZE, 'version B'))

t.setTimeout(300_000)

interface Damage {
  name: string
  /** What happens to the files between the kill and the next run. */
  damage: (paths: { part: string; journal: string; dir: string }, server: SlowServer) => void
  want?: Buffer
  /** Files that stay, because nothing proves any more that this program made them. */
  left?: readonly string[]
}

const BOTH = ['file.bin.part', 'file.bin.part.json']

const flipBit = (path: string, at: number): void => {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

const damages: Damage[] = [
  {
    name: 'half of the journal is missing',
    damage: ({ journal }) => truncateSync(journal, Math.floor(statSync(journal).size / 2)),
    left: BOTH,
  },
  { name: 'the journal is empty', damage: ({ journal }) => truncateSync(journal, 0), left: BOTH },
  {
    name: 'the journal is full of zeros',
    damage: ({ journal }) => writeFileSync(journal, Buffer.alloc(statSync(journal).size)),
    left: BOTH,
  },
  {
    name: 'a bit of the journal is flipped',
    damage: ({ journal }) => flipBit(journal, statSync(journal).size - 9),
    left: BOTH,
  },
  {
    name: 'a bit in the head of the journal is flipped',
    damage: ({ journal }) => flipBit(journal, 20),
    left: BOTH,
  },
  { name: 'the journal is missing', damage: ({ journal }) => rmSync(journal), left: ['file.bin.part'] },
  {
    name: 'the journal has another version of the format',
    damage: ({ journal }) =>
      writeFileSync(journal, readFileSync(journal, 'utf8').replace('journal 3', 'journal 2')),
    left: BOTH,
  },
  { name: 'the part file is cut short', damage: ({ part }) => truncateSync(part, 1_600_000) },
  { name: 'the part file is too long', damage: ({ part }) => appendFileSync(part, Buffer.alloc(SIZE)) },
  { name: 'the part file is missing', damage: ({ part }) => rmSync(part) },
  { name: 'the part file is empty', damage: ({ part }) => truncateSync(part, 0) },
  {
    name: 'the part file ends with zeros',
    damage: ({ part }) => {
      const { size } = statSync(part)
      truncateSync(part, size - 500_000)
      truncateSync(part, size)
    },
  },
  { name: 'a bit of the part file is flipped', damage: ({ part }) => flipBit(part, 1_000_000) },
  {
    name: 'the part file is full of garbage',
    damage: ({ part }) => writeFileSync(part, Buffer.alloc(SIZE, 'garbage')),
  },
  {
    name: 'the files have times in the future, because the clock was set back',
    damage: ({ part, journal }) => {
      const later = new Date(Date.now() + 86_400_000)
      for (const path of [part, journal]) utimesSync(path, later, later)
    },
  },
  {
    name: 'the server has another file by then',
    damage: (_, server) => {
      server.resource = B
    },
    want: B.content,
  },
  {
    name: 'the server has a longer file by then',
    damage: (_, server) => {
      server.resource = resource(makeContent(SIZE + 1_000_000, 'version C'))
    },
    want: makeContent(SIZE + 1_000_000, 'version C'),
  },
]

for (const { name, damage, want, left = [] } of damages) {
  t.test(`the next run ends with the exact file (${name})`, async (t) => {
    const server = await startSlow(A)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    await killAfter(server, SIZE / 2, { dir })
    damage({ part: join(dir, 'file.bin.part'), journal: join(dir, 'file.bin.part.json'), dir }, server)
    const { status, stderr } = await rangeGet([...ARGS, `${server.url}/file.bin`], dir).ended
    t.equal(status, 0, stderr)
    sameBytes(t, readOrNull(join(dir, 'file.bin')), want ?? CONTENT, 'the file is exact')
    t.strictSame(names(dir), ['file.bin', ...left])
  })
}

t.test('a URL that fails neither uses nor destroys the part file of another URL', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  await killAfter(server, SIZE / 2, { dir })
  const before = readFileSync(join(dir, 'file.bin.part.json'))
  const closed = await rangeGet([...ARGS, '--retries', '0', 'http://127.0.0.1:1/file.bin'], dir).ended
  t.equal(closed.status, 3)
  sameBytes(t, readFileSync(join(dir, 'file.bin.part.json')), before, 'it can still be resumed')
  const other = await rangeGet([...ARGS, `${server.url}/other.bin`], dir).ended
  t.equal(other.status, 0)
  t.equal(server.requests.at(-1)?.headers.get('if-range'), A.fields['etag'])
  t.ok(
    server.requests.some((request) => request.path === '/other.bin' && request.range?.start === 0),
    'from the start',
  )
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})
