// downloadAll(): many files at once over shared connections, each with the guarantees of a single one.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type DownloadAllOptions,
  DownloadError,
  downloadAll,
  type FileOutcome,
  type FileRequest,
} from 'range-get'
import t from 'tap'
import { type FileServer, startFiles } from '../support/file-server.ts'
import {
  answerHonestly,
  head,
  makeContent,
  resource,
  sha256,
  startHostile,
} from '../support/hostile-server.ts'
import { names, QUICK } from '../support/run.ts'

const SMALL = makeContent(5000)

/** `count` small files by their paths. */
function filesNamed(count: number): Map<string, Buffer> {
  return new Map(
    Array.from({ length: count }, (_, index) => [`/f${index}.bin`, makeContent(5000, `file ${index}`)]),
  )
}

/** Downloads, and collects the outcomes. */
async function getAll(
  files: Iterable<FileRequest> | AsyncIterable<FileRequest>,
  options: DownloadAllOptions = {},
) {
  const run = downloadAll(files, { ...QUICK, ...options })
  const outcomes: FileOutcome[] = []
  for await (const outcome of run) outcomes.push(outcome)
  const end = await run.finished.catch((error: unknown) => error)
  return { outcomes, end, progress: run.progress }
}

t.test('small files share few connections, and each is right', async (t) => {
  const files = filesNamed(60)
  const server = await startFiles(files)
  t.teardown(() => server.stop())
  const directory = t.testdir({})
  const requests = [...files.keys()].map((path) => ({ url: server.url + path, destination: { directory } }))
  const { outcomes, end, progress } = await getAll(requests)
  t.match(end, { files: 60, size: 60 * 5000, duration: Number })
  t.equal(outcomes.length, 60)
  t.ok(outcomes.every(({ error, result }) => error === null && result.size === 5000))
  for (const [path, content] of files) t.ok(readFileSync(join(directory, path)).equals(content), path)
  t.equal(server.requests.length, 60, 'one request for each')
  t.ok(server.connections <= 5, `${server.connections} connections`)
  t.match(progress, { files: 60, done: 60, failed: 0, received: 60 * 5000, total: 60 * 5000, underWay: [] })
})

t.test('an outcome has the request itself, with what its caller added', async (t) => {
  const server = await startFiles(filesNamed(1))
  t.teardown(() => server.stop())
  const request = { url: `${server.url}/f0.bin`, destination: join(t.testdir({}), 'x'), tag: 5 }
  const files: unknown[] = []
  for await (const { file } of downloadAll([request])) files.push(file)
  t.equal(files.length, 1)
  t.equal(files[0], request)
})

t.test('one host gets a bounded number of connections, whatever the files want', async (t) => {
  const big = makeContent(400_000)
  const server = await startFiles(new Map([1, 2, 3, 4].map((name) => [`/${name}`, big])))
  t.teardown(() => server.stop())
  const directory = t.testdir({})
  const requests = [1, 2, 3, 4].map((name) => ({ url: `${server.url}/${name}`, destination: { directory } }))
  const { end } = await getAll(requests, { hostConnections: 3, segmentSize: 50_000 })
  t.match(end, { files: 4 })
  t.ok(server.mostConnections <= 3, `${server.mostConnections} connections`)
  for (const name of [1, 2, 3, 4]) t.ok(readFileSync(join(directory, String(name))).equals(big))
})

t.test('a failure does not stop the others, and its code is that of the whole', async (t) => {
  const server = await startFiles(filesNamed(4))
  t.teardown(() => server.stop())
  const directory = t.testdir({})
  const requests = ['/f0.bin', '/none', '/f1.bin', '/f2.bin'].map((path) => ({
    url: server.url + path,
    destination: { directory },
  }))
  const { outcomes, end } = await getAll(requests, { parallel: 1 })
  t.match(end, { code: 'ERR_DOWNLOAD_HTTP', statusCode: 404 })
  t.match(String(end), /1 of 4 files failed\. The first: http:.*\/none: the server answered 404 Not Found$/)
  t.strictSame(
    outcomes.map(({ error }) => error?.code ?? null),
    [null, 'ERR_DOWNLOAD_HTTP', null, null],
  )
})

t.test('a file that is there with its digest is not asked for', async (t) => {
  const files = filesNamed(2)
  const server = await startFiles(files)
  t.teardown(() => server.stop())
  const [first = SMALL] = files.values()
  const directory = t.testdir({ 'f0.bin': first, 'f1.bin': 'another file' })
  const requests = [...files].map(([path, content]) => ({
    url: server.url + path,
    destination: { directory },
    checksum: `sha-256=${sha256(content)}`,
  }))
  const { outcomes } = await getAll(requests)
  t.strictSame(outcomes.map(({ error }) => error?.code ?? null).sort(), ['ERR_DOWNLOAD_EXISTS', null])
  t.notOk(server.requests.some(({ path }) => path === '/f0.bin'))
  t.equal(readFileSync(join(directory, 'f1.bin'), 'utf8'), 'another file')
})

t.test('a file that the server has named before, and that has its digest, is right as well', async (t) => {
  const content = makeContent(5000)
  const fields = { 'content-disposition': 'attachment; filename="named.bin"' }
  const server = await startHostile((request, socket) =>
    answerHonestly(resource(content, fields), request, socket),
  )
  t.teardown(() => server.stop())
  const directory = t.testdir({})
  const request = {
    url: `${server.url}/download`,
    destination: { directory },
    checksum: `sha-256=${sha256(content)}`,
  }
  for (const resumed of [0, 5000]) {
    const { outcomes } = await getAll([request])
    t.match(outcomes[0]?.result, { size: 5000, resumed, integrity: 'checksum' })
  }
  t.strictSame(names(directory), ['named.bin'])
})

t.test('a host that hangs does not hold up the files of another one', async (t) => {
  const silent = await startHostile(() => undefined)
  const files = filesNamed(30)
  const server = await startFiles(files)
  t.teardown(() => Promise.all([silent.stop(), server.stop()]))
  const stop = new AbortController()
  const directory = t.testdir({})
  const urls = [...files.keys()].flatMap((path) => [silent.url + path, server.url + path])
  const requests = urls.map((url) => ({ url, destination: { directory } }))
  const run = downloadAll(requests, { ...QUICK, stallTimeout: 600_000, signal: stop.signal })
  let done = 0
  for await (const { result } of run) {
    if (result !== null && ++done === 30) stop.abort()
  }
  t.equal(done, 30)
  await t.rejects(run.finished, {
    code: 'ERR_DOWNLOAD_ABORTED',
    message: 'stopped after 30 files; run again to go on',
  })
})

t.test('a host that refuses too many connections gets fewer, and every file is right', async (t) => {
  const files = filesNamed(20)
  let busy = 0
  const server = await startHostile(async (request, socket) => {
    if (busy >= 2) return void socket.write(head('503 Service Unavailable', { 'content-length': 0 }))
    busy++
    await new Promise((resolve) => setTimeout(resolve, 5))
    busy--
    answerHonestly(resource(files.get(request.path) ?? SMALL), request, socket)
  })
  t.teardown(() => server.stop())
  const directory = t.testdir({})
  const requests = [...files.keys()].map((path) => ({ url: server.url + path, destination: { directory } }))
  const { end } = await getAll(requests)
  t.match(end, { files: 20 })
})

t.test('a list is read as it is needed, and its reader is told to stop', async (t) => {
  const server = await startFiles(new Map([['/f', SMALL]]))
  t.teardown(() => server.stop())
  const directory = t.testdir({})
  const stop = new AbortController()
  let made = 0
  let isClosed = false
  async function* endless(): AsyncGenerator<FileRequest> {
    try {
      for (;;) yield { url: `${server.url}/f`, destination: join(directory, String(made++)) }
    } finally {
      isClosed = true
    }
  }
  const run = downloadAll(endless(), { ...QUICK, signal: stop.signal })
  let done = 0
  for await (const { result } of run) if (result !== null && ++done === 10) stop.abort()
  await t.rejects(run.finished, { code: 'ERR_DOWNLOAD_ABORTED' })
  t.ok(made <= 1100, `${made} files were made`)
  t.ok(isClosed)
  t.equal(run.progress.files === null || run.progress.files >= done, true)
})

t.test('while its reader is behind, no further file begins', async (t) => {
  const server = await startFiles(filesNamed(30))
  t.teardown(() => server.stop())
  const directory = t.testdir({})
  const requests = [...filesNamed(30).keys()].map((path) => ({
    url: server.url + path,
    destination: { directory },
  }))
  const run = downloadAll(requests, { ...QUICK, parallel: 2 })
  const reader = run[Symbol.asyncIterator]()
  await reader.next()
  while (run.progress.underWay.length > 0 || run.progress.done < 3)
    await new Promise((resolve) => setTimeout(resolve, 5))
  t.ok(run.progress.done <= 5, `${run.progress.done} are done`)
  await reader.return?.()
  t.match(await run.finished, { files: 30 })
})

t.test('it can be paused before and while it runs', async (t) => {
  const server = await startFiles(filesNamed(10))
  t.teardown(() => server.stop())
  const directory = t.testdir({})
  const requests = [...filesNamed(10).keys()].map((path) => ({
    url: server.url + path,
    destination: { directory },
  }))
  const run = downloadAll(requests, QUICK)
  run.pause()
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(server.requests.length, 0)
  run.resume()
  t.match(await run.finished, { files: 10 })
})

t.test('wrong options, files and lists are usage errors', async (t) => {
  const directory = t.testdir({})
  const usage = { code: 'ERR_DOWNLOAD_USAGE' }
  for (const options of [
    { parallel: 0 },
    { parallel: 65 },
    { hostConnections: '8' },
    { checksum: 'x' },
    { retries: -1 },
    { nonsense: 1 },
    { buffer: 65_536 },
    { bufferDirectory: directory },
  ])
    t.match((await getAll([], options as never)).end, usage, JSON.stringify(options))
  for (const files of [null, 5, {}]) t.match((await getAll(files as never)).end, usage, JSON.stringify(files))
  const destination = { directory }
  for (const file of [
    null,
    5,
    {},
    { url: 'http://127.0.0.1:1/' },
    { url: 'ftp://h/f', destination },
    { url: 'x', destination },
    { url: 'http://h/', destination, checksum: 'md5=0' },
  ]) {
    const { outcomes, end } = await getAll([file as never])
    t.match(outcomes[0]?.error, usage, JSON.stringify(file))
    t.match(end, usage, JSON.stringify(file))
  }
  const next = (): never => {
    throw new Error('the reason')
  }
  t.match((await getAll({ [Symbol.iterator]: () => ({ next }) })).end, {
    ...usage,
    message: 'the list of files cannot be read: the reason',
  })
  t.match((await getAll([])).end, { files: 0, size: 0 })
})

t.test('an abort before and while it runs', async (t) => {
  const server = await startHostile(() => undefined)
  t.teardown(() => server.stop())
  const directory = t.testdir({})
  const stop = new AbortController()
  const request = { url: `${server.url}/f`, destination: { directory } }
  const run = getAll([request, request], { signal: stop.signal, stallTimeout: 600_000 })
  while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  stop.abort()
  const { end, outcomes } = await run
  t.match(end, { code: 'ERR_DOWNLOAD_ABORTED' })
  t.ok(outcomes.every(({ error }) => error instanceof DownloadError))
  t.match((await getAll([request], { signal: stop.signal })).end, { code: 'ERR_DOWNLOAD_ABORTED' })
  t.strictSame(readdirSync(directory), [])
})

t.test('fields that may be secrets go to the origin of the first file of a list alone', async (t) => {
  const [first, other] = await Promise.all([startFiles(filesNamed(2)), startFiles(filesNamed(2))])
  t.teardown(async () => void (await Promise.all([first.stop(), other.stop()])))
  const directory = t.testdir({})
  const urls = ['ftp://h/x', `${first.url}/f0.bin`, `${other.url}/f1.bin`, `${other.url}/none`]
  const requests = urls.map((url) => ({ url, destination: { directory } }))
  const headers = { authorization: 'Bearer t', 'x-key': 'k', accept: 'a/b' }
  const { outcomes } = await getAll(requests, { headers })
  const sent = (name: string, { requests }: FileServer) => requests.map(({ headers }) => headers.get(name))
  for (const name of ['authorization', 'x-key']) {
    t.ok(sent(name, first).every((value) => value !== undefined))
    t.ok(sent(name, other).every((value) => value === undefined))
  }
  t.ok(sent('accept', other).every((value) => value === 'a/b'))
  const of = (path: string) => outcomes.find(({ file }) => file.url.toString().endsWith(path))
  t.strictSame(of('/f0.bin')?.result?.warnings, [])
  t.match(of('/f1.bin')?.result?.warnings, [/origin of the first URL alone/])
  t.match(of('/none')?.error?.message, /404 Not Found\. Header fields and certificates are for the origin/)
  t.equal(of('/none')?.error?.statusCode, 404)
})
