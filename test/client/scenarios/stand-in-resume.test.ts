// A page in place of the remaining bytes of a file. The bytes that are held stay.
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { DownloadError } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { answerHonestly, head, honest, part, type Script, wanted } from '../support/hostile-server.ts'
import { names, readOrNull } from '../support/run.ts'
import { FILE, fetchTo, isRefused, type Outcome, PAGE, serve, whole } from '../support/stand-ins.ts'

const HALF = 150_000

/** Sends half of the file, and breaks the connection after all of that has been received. */
class HalfAFile {
  #socket: Socket | null = null

  readonly script: Script = (request, socket) => {
    this.#socket = socket
    const { start, end } = wanted(request, FILE.content.length) ?? { start: 0, end: FILE.content.length }
    socket.write(part({ start, end }, FILE.content.length, FILE.fields))
    socket.write(FILE.content.subarray(start, HALF))
  }

  readonly onReceived = (bytes: number): void => {
    if (bytes >= HALF) this.#socket?.destroy()
  }
}

/** Starts a server whose answers can be replaced, and a run that it interrupts. */
async function interrupted(t: Test, output?: string) {
  const { script, onReceived } = new HalfAFile()
  const now = { script }
  const server = await serve(t, (request, socket) => now.script(request, socket))
  const directory = t.testdir({})
  const file = { path: '/m.zip', directory, output }
  await fetchTo(server, { ...file, onReceived }, { retries: 0, stallTimeout: 5000 })
  t.strictSame(names(directory), ['m.zip.part', 'm.zip.part.json'])
  return { server, now, file }
}

function isResumed(t: Test, end: Outcome): void {
  if (end instanceof Error) t.fail(String(end))
  else t.equal(end.resumed, HALF)
}

/** What a captive portal, or a server after the session has expired, answers to the remaining bytes. */
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
  t.test(`a resume keeps the bytes that are held (it gets ${portal})`, async (t) => {
    const { server, now, file } = await interrupted(t)
    const { directory } = file
    const before = names(directory).map((name) => ({ name, content: readFileSync(join(directory, name)) }))
    now.script = script
    const asked = server.requests.length
    isRefused(t, await fetchTo(server, file))
    t.equal(
      server.requests.length,
      asked + 3,
      'no retries: only once more without If-Range, and once without Range',
    )
    t.strictSame(names(directory), ['m.zip.part', 'm.zip.part.json'])
    for (const { name, content } of before)
      sameBytes(t, readFileSync(join(directory, name)), content, `${name} is as it was`)
    now.script = honest(FILE)
    isResumed(t, await fetchTo(server, file))
    sameBytes(t, readOrNull(join(directory, 'm.zip')), FILE.content)
  })
}

t.test('a page does not cost the bytes of another URL with the same name', async (t) => {
  const { server, now, file } = await interrupted(t, 'm.zip')
  now.script = whole(PAGE)
  isRefused(t, await fetchTo(server, { ...file, path: '/other' }))
  now.script = honest(FILE)
  isResumed(t, await fetchTo(server, file))
})

t.test('a head without first bytes does not cost the bytes of another URL with the same name', async (t) => {
  const { server, now, file } = await interrupted(t, 'm.zip')
  now.script = (_, socket) => {
    socket.write(head('200 OK', { 'content-length': 999 }))
  }
  const options = { retries: 1, stallTimeout: 100 }
  const end = await fetchTo(server, { ...file, path: '/other' }, options)
  t.ok(end instanceof DownloadError && end.code === 'ERR_DOWNLOAD_NETWORK', String(end))
  t.ok(
    server.requests.every(({ range }) => range !== null),
    'the range is not to blame',
  )
  now.script = honest(FILE)
  isResumed(t, await fetchTo(server, file))
})

t.test('a download goes on after a page in the middle', async (t) => {
  const { script, onReceived } = new HalfAFile()
  const server = await serve(t, (request, socket) => {
    if (request.index === 0) return script(request, socket)
    if (request.index === 1) return whole(PAGE)(request, socket)
    return answerHonestly(FILE, request, socket)
  })
  const file = { path: '/m.zip', directory: t.testdir({}), onReceived }
  const end = await fetchTo(server, file, { connections: 1, stallTimeout: 5000 })
  t.notOk(end instanceof Error, String(end))
  sameBytes(t, readOrNull(join(file.directory, 'm.zip')), FILE.content)
  t.equal(server.requests.at(-1)?.range?.start, HALF, 'the bytes before it were kept')
})

t.test('a page that stays in the middle ends a download, which can be resumed', async (t) => {
  const { script, onReceived } = new HalfAFile()
  const now: { script: Script } = { script: whole(PAGE) }
  const server = await serve(t, (request, socket) =>
    request.index === 0 ? script(request, socket) : now.script(request, socket),
  )
  const file = { path: '/m.zip', directory: t.testdir({}) }
  const options = { connections: 1, retries: 2, stallTimeout: 5000 }
  isRefused(t, await fetchTo(server, { ...file, onReceived }, options))
  t.ok(server.requests.length > 2, 'the download has tried again')
  now.script = honest(FILE)
  isResumed(t, await fetchTo(server, file))
})
