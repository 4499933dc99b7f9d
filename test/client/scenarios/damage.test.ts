// What may happen to the files of a killed run until the next one: that ends with the exact file.
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
  /** What stays, since nothing proves any more that it was this program's. */
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
    name: 'a journal torn in the middle',
    damage: ({ journal }) => truncateSync(journal, Math.floor(statSync(journal).size / 2)),
    left: BOTH,
  },
  { name: 'an empty journal', damage: ({ journal }) => truncateSync(journal, 0), left: BOTH },
  {
    name: 'a journal of zeros',
    damage: ({ journal }) => writeFileSync(journal, Buffer.alloc(statSync(journal).size)),
    left: BOTH,
  },
  {
    name: 'a journal with a flipped bit',
    damage: ({ journal }) => flipBit(journal, statSync(journal).size - 9),
    left: BOTH,
  },
  {
    name: 'a journal with a flipped bit in its head',
    damage: ({ journal }) => flipBit(journal, 20),
    left: BOTH,
  },
  { name: 'a journal that is gone', damage: ({ journal }) => rmSync(journal), left: ['file.bin.part'] },
  {
    name: 'a journal of another version of the format',
    damage: ({ journal }) =>
      writeFileSync(journal, readFileSync(journal, 'utf8').replace('journal 3', 'journal 2')),
    left: BOTH,
  },
  { name: 'a part file cut short', damage: ({ part }) => truncateSync(part, 1_600_000) },
  { name: 'a part file grown', damage: ({ part }) => appendFileSync(part, Buffer.alloc(SIZE)) },
  { name: 'a part file that is gone', damage: ({ part }) => rmSync(part) },
  { name: 'an empty part file', damage: ({ part }) => truncateSync(part, 0) },
  {
    name: 'a part file with zeros for its tail',
    damage: ({ part }) => {
      const { size } = statSync(part)
      truncateSync(part, size - 500_000)
      truncateSync(part, size)
    },
  },
  { name: 'a part file with a flipped bit', damage: ({ part }) => flipBit(part, 1_000_000) },
  {
    name: 'a part file of garbage',
    damage: ({ part }) => writeFileSync(part, Buffer.alloc(SIZE, 'garbage')),
  },
  {
    name: 'files from the future, the clock was set back',
    damage: ({ part, journal }) => {
      const later = new Date(Date.now() + 86_400_000)
      for (const path of [part, journal]) utimesSync(path, later, later)
    },
  },
  {
    name: 'another file on the server meanwhile',
    damage: (_, server) => {
      server.resource = B
    },
    want: B.content,
  },
  {
    name: 'a longer file on the server meanwhile',
    damage: (_, server) => {
      server.resource = resource(makeContent(SIZE + 1_000_000, 'version C'))
    },
    want: makeContent(SIZE + 1_000_000, 'version C'),
  },
]

for (const { name, damage, want, left = [] } of damages) {
  t.test(`${name}`, async (t) => {
    const server = await startSlow(A)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    await killAfter(server, SIZE / 2, { dir })
    damage({ part: join(dir, 'file.bin.part'), journal: join(dir, 'file.bin.part.json'), dir }, server)
    const { status, stderr } = await rangeGet([...ARGS, `${server.url}/file.bin`], dir).ended
    t.equal(status, 0, stderr)
    t.ok(readOrNull(join(dir, 'file.bin'))?.equals(want ?? CONTENT), 'the file is exact')
    t.strictSame(names(dir), ['file.bin', ...left])
  })
}

t.test('a part file of another URL is neither used nor destroyed by a URL that leads nowhere', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  await killAfter(server, SIZE / 2, { dir })
  const before = readFileSync(join(dir, 'file.bin.part.json'))
  const closed = await rangeGet([...ARGS, '--retries', '0', 'http://127.0.0.1:1/file.bin'], dir).ended
  t.equal(closed.status, 3)
  t.ok(before.equals(readFileSync(join(dir, 'file.bin.part.json'))), 'it can still be resumed')
  const other = await rangeGet([...ARGS, `${server.url}/other.bin`], dir).ended
  t.equal(other.status, 0)
  t.equal(server.requests.at(-1)?.headers.get('if-range'), A.fields['etag'])
  t.ok(
    server.requests.some((request) => request.path === '/other.bin' && request.range?.start === 0),
    'from the start',
  )
  t.ok(readOrNull(join(dir, 'file.bin'))?.equals(CONTENT))
})
