import { execFile } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { promisify } from 'node:util'
import { HttpExecutor } from 'builder-util-runtime'
import type { DifferentialDownloader } from 'electron-updater/out/differentialDownloader/DifferentialDownloader.js'
import {
  type Operation,
  OperationKind,
} from 'electron-updater/out/differentialDownloader/downloadPlanBuilder.js'
import { executeTasksUsingMultipleRangeRequests } from 'electron-updater/out/differentialDownloader/multipleRangeDownloader.js'
import t, { type Test } from 'tap'
import { environment } from '../../client/support/command.ts'
import { missing } from '../../docs/support/programs.ts'
import { REPOSITORY } from '../../support/repository.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { serveFiles } from '../support/file-server.ts'

const run = promisify(execFile)
const MEBIBYTE = 1024 * 1024
const SIZE = 8 * MEBIBYTE
/** More requests than a client that reads the parts needs, and far fewer than one that loops makes. */
const MOST_REQUESTS = 20
const TIME_LIMIT = 60_000
const READERS_FOLDER = join(REPOSITORY, 'test/plugin/http/readers')

/** Bytes without a pattern, the same in every run. */
function noise(size: number, seed: number): Buffer {
  const words = new Uint32Array(size / 4)
  let state = seed
  for (let index = 0; index < words.length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    words[index] = state ^ (state >>> 13)
  }
  return Buffer.from(words.buffer)
}

/** A file and an older version of it, which differs in many places and begins with a few bytes more. */
function twoVersions(): { current: Buffer; older: Buffer } {
  const current = noise(SIZE, 1)
  const older = Buffer.concat([Buffer.from('more'), current])
  for (let at = 100_000; at < SIZE; at += 400_000) noise(3000, at).copy(older, at)
  return { current, older }
}

/** Serves files, and counts the requests for them. `folder` is the client's. */
async function serveCounted(t: Test, files: Readonly<Record<string, Buffer>>) {
  const asked: string[] = []
  const { port, root } = await serveFiles(t, {
    files,
    routes: (app) =>
      app.addHook('onSend', async ({ headers }, reply) => {
        asked.push(`${reply.statusCode} ${headers.range ?? ''}`)
      }),
  })
  const folder = join(root, 'client')
  await mkdir(folder)
  return { asked, root, folder, url: (name: string) => `http://127.0.0.1:${port}/files/${name}` }
}

async function execute(program: string, args: readonly string[], cwd: string): Promise<string> {
  const limits = { timeout: TIME_LIMIT, maxBuffer: 64 * MEBIBYTE }
  const { stdout } = await run(program, args, { cwd, env: environment(), ...limits })
  return stdout
}

t.test('zsync updates an older file by ranges', { skip: await missing('zsync', '-V') }, async (t) => {
  const { current, older } = twoVersions()
  const { asked, root, folder, url } = await serveCounted(t, { 'current.bin': current })
  await writeFile(join(folder, 'older.bin'), older)
  const control = join(folder, 'current.zsync')
  await execute('zsyncmake', ['-u', url('current.bin'), '-o', control, join(root, 'current.bin')], folder)
  await execute('zsync', ['-q', '-i', 'older.bin', '-o', 'made.bin', control], folder)
  sameBytes(t, await readFile(join(folder, 'made.bin')), current)
  t.ok(asked.length <= MOST_REQUESTS, `${asked.length} requests`)
  t.ok(
    asked.some((line) => line.startsWith('206') && line.includes(',')),
    'several ranges were asked and answered',
  )
})

t.test('zchunk updates an older file by ranges', { skip: await missing('zck', '--version') }, async (t) => {
  const { asked, root, folder, url } = await serveCounted(t, twoVersions())
  await execute('zck', ['-o', 'current.zck', 'current'], root)
  await execute('zck', ['-o', 'client/older.zck', 'older'], root)
  await execute('zckdl', ['--fail-no-ranges', '-s', 'older.zck', url('current.zck')], folder)
  const [made, wanted] = [join(folder, 'current.zck'), join(root, 'current.zck')]
  sameBytes(t, await readFile(made), await readFile(wanted))
  t.ok(asked.length <= MOST_REQUESTS, `${asked.length} requests`)
  t.ok(
    asked.some((line) => line.startsWith('206') && line.includes(',')),
    'several ranges were asked and answered',
  )
})

/** The HTTP client of electron-updater outside of Electron. */
class NodeExecutor extends HttpExecutor<ClientRequest> {
  createRequest(options: RequestOptions, callback: (response: IncomingMessage) => void): ClientRequest {
    return request(options, callback)
  }
}

t.test('electron-updater updates an older file by ranges', async (t) => {
  const { current } = twoVersions()
  const older = Buffer.from(current)
  const tasks: Operation[] = []
  for (let at = 0; at < SIZE; at += 65_536) {
    const changed = at + 1000 + ((at / 65_536) % 7) * 100
    older.fill(0, at, changed)
    tasks.push({ kind: OperationKind.DOWNLOAD, start: at, end: changed })
    tasks.push({ kind: OperationKind.COPY, start: changed, end: at + 65_536 })
  }
  const { asked, folder, url } = await serveCounted(t, { 'current.bin': current })
  await writeFile(join(folder, 'older.bin'), older)
  const old = await open(join(folder, 'older.bin'))
  t.teardown(() => old.close())
  const { hostname, port, pathname } = new URL(url('current.bin'))
  const httpExecutor = new NodeExecutor()
  const made = createWriteStream(join(folder, 'made.bin'))
  const downloader = {
    httpExecutor,
    options: {},
    fileMetadataBuffer: null,
    createRequestOptions: () => ({ hostname, port, path: pathname, headers: { accept: '*/*' } }),
  }
  const failed = new Promise((_resolve, reject) => {
    executeTasksUsingMultipleRangeRequests(
      downloader as unknown as DifferentialDownloader,
      tasks,
      made,
      old.fd,
      reject,
    )(0)
  })
  await Promise.race([finished(made), failed])
  sameBytes(t, await readFile(join(folder, 'made.bin')), current)
  t.equal(asked.length, 1)
})

const READERS = [
  { name: "Go's mime/multipart", program: 'go', version: 'version', args: ['run', 'reader.go'] },
  { name: "Python's email", program: 'python3', version: '--version', args: ['reader.py'] },
] as const

for (const { name, program, version, args } of READERS) {
  t.test(`${name} reads the parts`, { skip: await missing(program, version) }, async (t) => {
    const { current } = twoVersions()
    const text = Buffer.from('one line\r\n--another\r\n\r\n'.repeat(5000))
    const { url } = await serveCounted(t, { 'a.bin': current, 'a.txt': text })
    const ranges = [
      [7, 7],
      [100_001, 109_999],
      [0, 5],
      [50_000, 50_001],
    ] as const
    const value = `bytes=${ranges.map(([first, last]) => `${first}-${last}`).join(', ')}`
    for (const [file, content] of [
      ['a.bin', current],
      ['a.txt', text],
    ] as const) {
      const printed = await execute(program, [...args, url(file), value], READERS_FOLDER)
      const want = ranges.map(
        ([first, last]) =>
          `bytes ${first}-${last}/${content.length} ${content.subarray(first, last + 1).toString('base64')}`,
      )
      t.strictSame(printed.trim().split('\n'), want, file)
    }
  })
}
