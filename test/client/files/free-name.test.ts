// A part file gets its name by link(2), so it has two until the first one is deleted. Some full file systems refuse that.
import promises from 'node:fs/promises'
import { basename } from 'node:path'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  answerHonestly,
  honest,
  makeContent,
  resource,
  type Script,
  startHostile,
} from '../support/hostile-server.ts'
import { hookFunction, systemError } from '../support/refusals.ts'
import { get, names } from '../support/run.ts'

/** More than a small file has: those get no part name. */
const CONTENT = makeContent(20_000_000)
const { unlink } = promises

/** Has the system refuse this often to delete the first name of a part file. Returns what undoes it. */
function refuseFirstNames(times: number): () => void {
  let refused = 0
  return hookFunction('unlink', async (path) => {
    const isFirst = basename(String(path)).startsWith('file.bin.part.new.')
    if (isFirst && refused++ < times) throw systemError('ENOSPC')
    return await unlink(String(path))
  })
}

async function serve(t: Test, respond: Script): Promise<string> {
  const server = await startHostile(respond)
  t.teardown(() => server.stop())
  return `${server.url}/file.bin`
}

t.test('a download goes on if the first name of its part file is not deleted at once', async (t) => {
  const url = await serve(t, honest(resource(CONTENT)))
  const dir = t.testdir({})
  const undo = refuseFirstNames(1)
  t.teardown(undo)
  const end = await get(url, dir)
  t.equal(end.code, null, end.message)
  sameBytes(t, end.file, CONTENT)
  t.strictSame(names(dir), ['file.bin'])
})

t.test('a later run deletes a first name that could not be deleted', async (t) => {
  const url = await serve(t, honest(resource(CONTENT)))
  const dir = t.testdir({})
  const undo = refuseFirstNames(Number.POSITIVE_INFINITY)
  const end = await get(url, dir)
  undo()
  t.equal(end.code, null, end.message)
  t.equal(names(dir).length, 2)
  const again = await get(url, dir, { existing: 'replace' })
  sameBytes(t, again.file, CONTENT)
  t.strictSame(names(dir), ['file.bin'])
})

t.test('a download that fails then leaves no file that no later run knows', async (t) => {
  for (const times of [1, Number.POSITIVE_INFINITY]) {
    let isHonest = false
    const url = await serve(t, (request, socket) => {
      if (isHonest) answerHonestly(resource(CONTENT), request, socket)
      else socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${CONTENT.length}\r\n\r\n`, () => socket.destroy())
    })
    const dir = t.testdir({})
    const undo = refuseFirstNames(times)
    const end = await get(url, dir, { retries: 0 })
    undo()
    t.not(end.code, null)
    isHonest = true
    const again = await get(url, dir)
    t.equal(again.code, null, again.message)
    sameBytes(t, again.file, CONTENT)
    t.strictSame(names(dir), ['file.bin'])
  }
})
