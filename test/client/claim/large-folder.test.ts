// State in a large folder, which is not read for each download.
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { download } from 'range-get'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { honest, makeContent, type Script, startHostile } from '../support/hostile-server.ts'
import { endOf, get, names, QUICK } from '../support/run.ts'

const CONTENT = makeContent(3_000_000)
const OTHERS = 10_000

/** Answers that many requests, and then closes each connection. */
const failingAfter =
  (answers: number): Script =>
  (request, socket) =>
    request.index < answers ? good(request, socket) : void socket.destroy()
const good = honest({ content: CONTENT, fields: { etag: '"a"' } })

t.test('what a failed download has left is found, also if the names were read before it', async (t) => {
  const dir = t.testdir()
  for (let index = 0; index < OTHERS; index++) closeSync(openSync(join(dir, `${index}.bin`), 'w'))
  const [failing, working] = [await startHostile(failingAfter(3)), await startHostile(good)]
  t.teardown(() => Promise.all([failing.stop(), working.stop()]))
  const options = { resumeKey: 'a', segmentSize: 500_000, connections: 1 }

  const small = download(`${working.url}/small.bin`, join(dir, 'small.bin'), QUICK)
  t.equal((await endOf(small, join(dir, 'small.bin'))).code, null)
  const failed = await get(`${failing.url}/file.bin`, dir, { ...options, retries: 0 })
  t.equal(failed.code, 'ERR_DOWNLOAD_NETWORK', failed.message)
  const { result, code, message, file } = await get(`${working.url}/file.bin`, dir, options)
  t.equal(code, null, message)
  t.ok((result?.resumed ?? 0) > 0, 'it goes on from the bytes of the failed one')
  sameBytes(t, file, CONTENT)
  t.equal(names(dir).length, OTHERS + 2, 'nothing else is left')
})
