// A page where the rest of a file should be: what is held stays.
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { DownloadError, DownloadResult } from 'range-get'
import t from 'tap'
import {
  answerHonestly,
  head,
  honest,
  part,
  type RawRequest,
  type Script,
  wanted,
} from './support/hostile-server.ts'
import { names, readOrNull } from './support/run.ts'
import { FILE, fetchTo, isRefused, PAGE, serve, whole } from './support/stand-ins.ts'

/** Half of the file, then the connection breaks off. */
function half(request: RawRequest, socket: Socket): void {
  const { start, end } = wanted(request, FILE.content.length) ?? { start: 0, end: FILE.content.length }
  socket.write(part({ start, end }, FILE.content.length, FILE.fields))
  socket.write(FILE.content.subarray(start, 150_000), () => setTimeout(() => socket.destroy(), 50))
}

/** What a captive portal, or a session that has expired, answers to the rest of a file. */
const portals: Record<string, Script> = {
  'a page with 200': whole(PAGE),
  'a page with 200 as bytes': whole(PAGE, { 'content-type': 'application/octet-stream' }),
  'a page with the validators of the file': whole(PAGE, FILE.fields),
  'a page with 206 and its type': (request, socket) => {
    const range = wanted(request, FILE.content.length) ?? { start: 0, end: 1 }
    socket.write(part(range, FILE.content.length, { 'content-type': 'text/html' }))
    socket.write(PAGE)
  },
}

for (const [portal, script] of Object.entries(portals)) {
  t.test(`a resume that gets ${portal} leaves what is held`, async (t) => {
    let answer: Script = half
    const server = await serve(t, (request, socket) => answer(request, socket))
    const directory = t.testdir({})
    await fetchTo(server, { path: '/m.zip', directory }, { retries: 0 })
    const before = names(directory).map((name) => readFileSync(join(directory, name)))
    t.strictSame(names(directory), ['m.zip.part', 'm.zip.part.json'])
    answer = script
    const asked = server.requests.length
    const end = await fetchTo(server, { path: '/m.zip', directory })
    isRefused(t, end)
    t.equal(server.requests.length, asked + 1, 'at once')
    t.strictSame(names(directory), ['m.zip.part', 'm.zip.part.json'])
    for (const [index, name] of names(directory).entries())
      t.ok(before[index]?.equals(readFileSync(join(directory, name))), `${name} is as it was`)
    answer = honest(FILE)
    const last = await fetchTo(server, { path: '/m.zip', directory })
    t.notOk(last instanceof Error, String(last))
    t.ok((last as DownloadResult).resumed > 100_000)
    t.ok(readOrNull(join(directory, 'm.zip'))?.equals(FILE.content))
  })
}

t.test('what another URL has left under the same name stays', async (t) => {
  let answer: Script = half
  const server = await serve(t, (request, socket) => answer(request, socket))
  const directory = t.testdir({})
  await fetchTo(server, { path: '/m.zip', directory, output: 'm.zip' }, { retries: 0 })
  answer = whole(PAGE)
  isRefused(t, await fetchTo(server, { path: '/other', directory, output: 'm.zip' }))
  answer = honest(FILE)
  const end = await fetchTo(server, { path: '/m.zip', directory, output: 'm.zip' })
  t.ok((end as DownloadResult).resumed > 100_000)
})

t.test('a page in the middle of a download is waited out', async (t) => {
  const server = await serve(t, (request, socket) => {
    if (request.index === 0) half(request, socket)
    else if (request.index === 1) void whole(PAGE)(request, socket)
    else answerHonestly(FILE, request, socket)
  })
  const directory = t.testdir({})
  const end = await fetchTo(server, { path: '/m.zip', directory }, { connections: 1 })
  t.notOk(end instanceof Error, String(end))
  t.ok(readOrNull(join(directory, 'm.zip'))?.equals(FILE.content))
  t.ok((server.requests.at(-1)?.range?.start ?? 0) > 100_000, 'what came before it was kept')
})

t.test('where the first bytes never come, what is held stays', async (t) => {
  let answer: Script = half
  const server = await serve(t, (request, socket) => answer(request, socket))
  const directory = t.testdir({})
  await fetchTo(server, { path: '/m.zip', directory, output: 'm.zip' }, { retries: 0 })
  answer = (_, socket) => {
    socket.write(head('200 OK', { 'content-length': 999 }))
  }
  const options = { retries: 1, stallTimeout: 100 }
  const end = await fetchTo(server, { path: '/other', directory, output: 'm.zip' }, options)
  t.equal((end as DownloadError).code, 'ERR_DOWNLOAD_NETWORK')
  t.match((end as DownloadError).message, /nothing came for 0\.1 s/)
  answer = honest(FILE)
  const last = await fetchTo(server, { path: '/m.zip', directory, output: 'm.zip' })
  t.ok((last as DownloadResult).resumed > 100_000)
})
