// Another program cuts or extends the part file of a running download. That never becomes a file with status 0.
import { appendFileSync, existsSync, readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { head, honest, makeContent, resource, type Script, startHostile } from '../support/hostile-server.ts'
import { hookFunction, hookHandles } from '../support/refusals.ts'
import { get, names } from '../support/run.ts'

const SIZE = 3_000_000
const A = resource(makeContent(SIZE))
const REASON = /another program has cut or extended it/

t.setTimeout(120_000)

/** The part file in `dir`, published or not. */
function partIn(dir: string): string {
  const name = readdirSync(dir).find((each) => /\.part($|\.new\.|\.done\.)/.test(each))
  return join(dir, name ?? 'no part file')
}

/** The next run ends with the exact file, and nothing else is left. */
async function endsRight(t: Test, url: string, dir: string): Promise<void> {
  const again = await get(url, dir)
  t.equal(again.code, null, again.message)
  sameBytes(t, again.file, A.content)
  t.strictSame(names(dir), ['file.bin'])
}

for (const [what, change] of [
  ['cut', (path: string) => truncateSync(path, 1000)],
  ['emptied', (path: string) => truncateSync(path, 0)],
  ['emptied, and extended again', (path: string) => [0, SIZE].map((size) => truncateSync(path, size))],
] as const)
  for (const content of [A.content, A.content.subarray(0, 300_000)])
    t.test(`a complete part file of ${content.length} bytes is ${what} before its flush`, async (t) => {
      const served = resource(content)
      const server = await startHostile(honest(served))
      t.teardown(() => server.stop())
      const dir = t.testdir({})
      const undo = await hookHandles('sync', () => {
        if (existsSync(partIn(dir))) change(partIn(dir)) // the secret is flushed before there is one
      })
      const end = await get(`${server.url}/file.bin`, dir, { connections: 1 }).finally(undo)
      t.equal(end.code, 'ERR_DOWNLOAD_UNWRITABLE')
      t.match(end.message, REASON)
      t.notOk(existsSync(join(dir, 'file.bin')))
      const again = await get(`${server.url}/file.bin`, dir)
      t.equal(again.code, null, again.message)
      sameBytes(t, again.file, content)
      t.strictSame(names(dir), ['file.bin'])
    })

t.test(
  'a part file that is extended once is cut; one that is extended again and again is an error',
  async (t) => {
    const server = await startHostile(honest(A))
    t.teardown(() => server.stop())
    for (const times of [1, 2]) {
      const dir = t.testdir({})
      let calls = 0
      const undo = await hookHandles('sync', () => {
        if (calls++ < times) appendFileSync(partIn(dir), 'more')
      })
      const end = await get(`${server.url}/file.bin`, dir).finally(undo)
      t.equal(end.code, times === 1 ? null : 'ERR_DOWNLOAD_UNWRITABLE', end.message)
      if (times === 1) sameBytes(t, end.file, A.content)
      else await endsRight(t, `${server.url}/file.bin`, dir)
    }
  },
)

t.test('a part file is cut between its flush and its name', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  let isCut = false
  const { rename } = await import('node:fs/promises')
  const undo = hookFunction('rename', async (from, to) => {
    if (String(to).includes('.part.done.')) truncateSync(String(from), 1000)
    isCut ||= String(to).includes('.part.done.')
    await rename(String(from), String(to))
  })
  const end = await get(`${server.url}/file.bin`, dir).finally(undo)
  t.ok(isCut)
  t.equal(end.code, 'ERR_DOWNLOAD_UNWRITABLE')
  t.match(end.message, /or it was deleted or cut/)
  await endsRight(t, `${server.url}/file.bin`, dir)
})

/** Sends half of the content, waits until it is in the part file, has it cut, and sends the rest. */
function cuttingHalfway(dir: string, fields: Readonly<Record<string, string>>): Script {
  return async (_, socket) => {
    const half = SIZE / 2
    socket.write(head('200 OK', { ...fields, 'content-length': SIZE }))
    socket.write(A.content.subarray(0, half))
    while (!existsSync(partIn(dir)) || statSync(partIn(dir)).size === 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
    truncateSync(partIn(dir), 0)
    socket.write(A.content.subarray(half))
  }
}

const VALIDATORS = [
  ['validators', A.fields],
  ['no validators', {}],
] as const

for (const [validators, fields] of VALIDATORS)
  t.test(`a part file that is cut while it grows, and written on, has a hole (${validators})`, async (t) => {
    const dir = t.testdir({})
    const cutting = cuttingHalfway(dir, fields)
    const server = await startHostile((request, socket) =>
      request.index === 0 ? cutting(request, socket) : honest(A)(request, socket),
    )
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, dir, { connections: 1 })
    t.equal(end.code, 'ERR_DOWNLOAD_UNWRITABLE', end.message)
    t.match(end.message, REASON)
    t.notOk(existsSync(join(dir, 'file.bin')))
    await endsRight(t, `${server.url}/file.bin`, dir)
  })

for (const [validators, fields] of VALIDATORS)
  t.test(
    `a file that takes less room than it has bytes, as where files are compressed, is read and right (${validators})`,
    async (t) => {
      const server = await startHostile(honest({ ...A, fields }))
      t.teardown(() => server.stop())
      const dir = t.testdir({})
      const { open } = await import('node:fs/promises')
      const probe = await open(dir)
      const prototype = Object.getPrototypeOf(probe)
      await probe.close()
      const own = prototype.stat
      prototype.stat = async function (options: object) {
        const stats = await own.call(this, options)
        if (typeof stats.blocks === 'bigint') stats.blocks = 1n
        return stats
      }
      let reads = 0
      const undo = await hookHandles('read', () => reads++)
      const end = await get(`${server.url}/file.bin`, dir).finally(() => {
        undo()
        prototype.stat = own
      })
      t.equal(end.code, null, end.message)
      sameBytes(t, end.file, A.content)
      t.ok(reads >= 3)
    },
  )
