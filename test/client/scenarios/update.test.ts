// `--update`: a finished file is fetched again only if it has changed, there or here. A file that is not proven to be the one
// of the server is never taken for it.
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DownloadOptions, download } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import {
  answerHonestly,
  type HostileServer,
  head,
  makeContent,
  type Resource,
  resource,
  type Script,
  sha256,
  startHostile,
} from '../support/hostile-server.ts'
import { type End, endOf, get, names, QUICK, readOrNull } from '../support/run.ts'

const A = resource(makeContent(100_000))
const B = resource(makeContent(100_000, 'version B'))
const OLD = { 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT', date: 'Mon, 07 Nov 1994 08:49:37 GMT' }
const RECORD = '.file.bin.range-get'
const UPDATE: DownloadOptions = { existing: 'update', retries: 0 }
const unix = { skip: process.platform === 'win32' ? 'Windows has no such files' : false }

// Real processes and files, on a machine that may be busy.
t.setTimeout(300_000)

/** A server whose file can be replaced, and which knows conditions. */
async function serve(t: Test, first: Resource) {
  const served = { file: first }
  const server = await startHostile((request, socket) => {
    const { etag } = served.file.fields
    const asked = request.headers.get('if-none-match')
    const since = request.headers.get('if-modified-since')
    const isSame = asked === undefined ? since === served.file.fields['last-modified'] : asked === etag
    if ((asked ?? since) !== undefined && isSame) socket.write(head('304 Not Modified', served.file.fields))
    else answerHonestly(served.file, request, socket)
  })
  t.teardown(() => server.stop())
  return { server, served, url: `${server.url}/file.bin` }
}

/** The requests from number `from` on, as their conditions. */
function conditions({ requests }: HostileServer, from: number): string[] {
  return requests
    .slice(from)
    .map(({ headers }) => headers.get('if-none-match') ?? headers.get('if-modified-since') ?? 'none')
}

function isOutcome(t: Test, end: End, outcome: string, content: Buffer): void {
  t.equal(end.code, null, end.message)
  t.equal(end.result?.outcome, outcome)
  sameBytes(t, end.file, content)
}

t.test('a file that has not changed costs one conditional request, and nothing is written', async (t) => {
  for (const [name, file, condition] of [
    ['an entity-tag', A, A.fields['etag']],
    ['a weak entity-tag', { ...A, fields: { etag: 'W/"a"' } }, 'W/"a"'],
    ['a date', { ...A, fields: OLD }, OLD['last-modified']],
    ['both', { ...A, fields: { ...A.fields, ...OLD } }, A.fields['etag']],
    ['an empty file', resource(Buffer.alloc(0)), resource(Buffer.alloc(0)).fields['etag']],
  ] as const) {
    const { server, url } = await serve(t, file)
    const dir = t.testdir({})
    isOutcome(t, await get(url, dir, UPDATE), 'downloaded', file.content)
    t.strictSame(names(dir), [RECORD, 'file.bin'])
    const before = [statSync(dir, { bigint: true }), statSync(join(dir, 'file.bin'), { bigint: true })]
    const count = server.requests.length
    const end = await get(url, dir, UPDATE)
    isOutcome(t, end, 'unchanged', file.content)
    t.match(end.result, {
      size: file.content.length,
      resumed: file.content.length,
      integrity: 'length',
      speed: 0,
    })
    t.strictSame(conditions(server, count), [condition], name)
    const after = [statSync(dir, { bigint: true }), statSync(join(dir, 'file.bin'), { bigint: true })]
    t.strictSame(
      after.map(({ mtimeNs, ctimeNs, ino }) => [mtimeNs, ctimeNs, ino]),
      before.map(({ mtimeNs, ctimeNs, ino }) => [mtimeNs, ctimeNs, ino]),
      'neither the folder nor the file is touched',
    )
  }
})

t.test(
  'a file that has changed on the server is replaced at the end, and keeps its mode',
  unix,
  async (t) => {
    const { served, url } = await serve(t, A)
    const dir = t.testdir({})
    await get(url, dir, UPDATE)
    chmodSync(join(dir, 'file.bin'), 0o640)
    served.file = B
    isOutcome(t, await get(url, dir, UPDATE), 'downloaded', B.content)
    t.equal(statSync(join(dir, 'file.bin')).mode & 0o777, 0o640)
    isOutcome(t, await get(url, dir, UPDATE), 'unchanged', B.content)
    served.file = A
    isOutcome(t, await get(url, dir, UPDATE), 'downloaded', A.content)
  },
)

const edits: [name: string, edit: (path: string, dir: string) => void][] = [
  ['truncated', (path) => truncateSync(path, 10)],
  ['one byte changed', (path) => writeFileSync(path, flipped(A.content))],
  [
    'one byte changed, and the date restored',
    (path) => {
      const { atime, mtime } = statSync(path)
      writeFileSync(path, flipped(A.content))
      utimesSync(path, atime, mtime)
    },
  ],
  [
    'another file',
    (path) => {
      rmSync(path)
      writeFileSync(path, B.content)
    },
  ],
  ['deleted', (path) => rmSync(path)],
]

for (const [name, edit] of edits) {
  t.test(`a file that is not what was downloaded is fetched again (${name})`, async (t) => {
    const { url } = await serve(t, A)
    const dir = t.testdir({})
    await get(url, dir, UPDATE)
    edit(join(dir, 'file.bin'), dir)
    isOutcome(t, await get(url, dir, UPDATE), 'downloaded', A.content)
    isOutcome(t, await get(url, dir, UPDATE), 'unchanged', A.content)
  })
}

function flipped(content: Buffer): Buffer {
  const copy = Buffer.from(content)
  copy[5000] = (copy[5000] ?? 0) ^ 1
  return copy
}

t.test('a copy of the folder is recognized by the digest', async (t) => {
  const { server, url } = await serve(t, A)
  const root = t.testdir({ one: {}, two: {} })
  await get(url, join(root, 'one'), UPDATE)
  for (const file of ['file.bin', RECORD]) copyFileSync(join(root, 'one', file), join(root, 'two', file))
  const count = server.requests.length
  isOutcome(t, await get(url, join(root, 'two'), UPDATE), 'unchanged', A.content)
  t.strictSame(conditions(server, count), [A.fields['etag']])
})

t.test('a file without a record is compared by the digest of the server, and is recorded then', async (t) => {
  const digest = Buffer.from(sha256(A.content), 'hex').toString('base64')
  const file = resource(A.content, { 'repr-digest': `sha-256=:${digest}:` })
  const { server, url } = await serve(t, file)
  const dir = t.testdir({ 'file.bin': A.content })
  const end = await get(url, dir, UPDATE)
  isOutcome(t, end, 'unchanged', A.content)
  t.match(end.result, { integrity: 'digest', digest: 'sha-256', etag: A.fields['etag'] })
  t.strictSame(conditions(server, 0), ['none'], 'one request')
  t.strictSame(names(dir), [RECORD, 'file.bin'])
  isOutcome(t, await get(url, dir, UPDATE), 'unchanged', A.content)
  t.strictSame(conditions(server, 1), [A.fields['etag']])

  writeFileSync(join(dir, 'file.bin'), flipped(A.content))
  isOutcome(t, await get(url, dir, UPDATE), 'downloaded', A.content)
})

t.test('a file without a record and without a digest is fetched, whatever its date', async (t) => {
  const { url } = await serve(t, { ...A, fields: { ...A.fields, ...OLD } })
  const dir = t.testdir({ 'file.bin': flipped(A.content) })
  const date = new Date(OLD['last-modified'])
  utimesSync(join(dir, 'file.bin'), date, date)
  isOutcome(t, await get(url, dir, UPDATE), 'downloaded', A.content)
})

t.test('the server dates the file, and an edit is noticed', async (t) => {
  const { url } = await serve(t, { ...A, fields: { ...A.fields, ...OLD } })
  const dir = t.testdir({})
  const options = { ...UPDATE, modified: 'server' } as const
  await get(url, dir, options)
  t.equal(statSync(join(dir, 'file.bin')).mtime.toUTCString(), OLD['last-modified'])
  isOutcome(t, await get(url, dir, options), 'unchanged', A.content)
})

t.test(
  'a file whose server has no validators is fetched each time, and nothing is left beside it',
  async (t) => {
    const { url } = await serve(t, { ...A, fields: {} })
    const dir = t.testdir({})
    for (let run = 0; run < 2; run++) isOutcome(t, await get(url, dir, UPDATE), 'downloaded', A.content)
    t.strictSame(names(dir), ['file.bin'])
  },
)

t.test('the record of another URL is not used, and that of the same key is', async (t) => {
  const { server, served, url } = await serve(t, A)
  const dir = t.testdir({})
  await get(url, dir, UPDATE)
  served.file = { ...B, fields: A.fields } // another resource may have the same tag
  isOutcome(t, await get(`${url}?other`, dir, UPDATE), 'downloaded', B.content)
  served.file = A
  await get(`${url}?1`, dir, { ...UPDATE, resumeKey: 'k' })
  const count = server.requests.length
  isOutcome(t, await get(`${url}?2`, dir, { ...UPDATE, resumeKey: 'k' }), 'unchanged', A.content)
  t.strictSame(conditions(server, count), [A.fields['etag']])
})

const answers: [name: string, script: Script, code: string | null][] = [
  [
    '304 for another entity-tag',
    (_, socket) => void socket.write(head('304 Not Modified', { etag: '"other"' })),
    'ERR_DOWNLOAD_PROTOCOL',
  ],
  ['412', (_, socket) => void socket.write(head('412 Precondition Failed', { 'content-length': 0 })), null],
  ['503', (_, socket) => void socket.write(head('503 Busy', { 'content-length': 0 })), null],
  ['a reset', (_, socket) => void socket.resetAndDestroy(), null],
]

for (const [name, script, code] of answers) {
  t.test(`the conditional request is answered by ${name}: ${code ?? 'the download decides'}`, async (t) => {
    let isHostile = false
    const server = await startHostile((request, socket) =>
      isHostile && request.headers.has('if-none-match')
        ? script(request, socket)
        : answerHonestly(A, request, socket),
    )
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    await get(`${server.url}/file.bin`, dir, UPDATE)
    isHostile = true
    const end = await get(`${server.url}/file.bin`, dir, UPDATE)
    t.equal(end.code, code, end.message)
    sameBytes(t, end.file, A.content)
    if (code === null) t.equal(end.result?.outcome, 'unchanged', 'its validators say so')
    t.strictSame(names(dir), [RECORD, 'file.bin'])
  })
}

t.test('a server that ignores conditions sends the same validators, and nothing is fetched', async (t) => {
  const server = await startHostile((request, socket) => answerHonestly(A, request, socket))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  await get(`${server.url}/file.bin`, dir, UPDATE)
  const count = server.requests.length
  isOutcome(t, await get(`${server.url}/file.bin`, dir, UPDATE), 'unchanged', A.content)
  t.equal(server.requests.length, count + 1)
})

t.test('a file that is gone from the server is an error as always, and stays', async (t) => {
  let isGone = false
  const server = await startHostile((request, socket) => {
    if (isGone) socket.write(head('404 Not Found', { 'content-length': 0 }))
    else answerHonestly(A, request, socket)
  })
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  await get(`${server.url}/file.bin`, dir, UPDATE)
  isGone = true
  const end = await get(`${server.url}/file.bin`, dir, UPDATE)
  t.equal(end.code, 'ERR_DOWNLOAD_HTTP')
  sameBytes(t, end.file, A.content)
  t.strictSame(names(dir), [RECORD, 'file.bin'])
})

t.test('with a checksum nothing is asked, and a wrong file is fetched', async (t) => {
  const { server, url } = await serve(t, A)
  const dir = t.testdir({ 'file.bin': A.content })
  const options = { ...UPDATE, checksum: `sha-256=${sha256(A.content)}` }
  isOutcome(t, await get(url, dir, options), 'unchanged', A.content)
  t.equal(server.requests.length, 0)
  writeFileSync(join(dir, 'file.bin'), B.content)
  const end = await get(url, dir, options)
  isOutcome(t, end, 'downloaded', A.content)
  t.equal(end.result?.integrity, 'checksum')
})

t.test('a file that the server names is asked about by its record', async (t) => {
  const named = resource(A.content, { 'content-disposition': 'attachment; filename="named.bin"' })
  const { server, served, url } = await serve(t, named)
  const dir = t.testdir({})
  const run = () => endOf(download(url, { directory: dir }, { ...QUICK, ...UPDATE }), join(dir, 'named.bin'))
  isOutcome(t, await run(), 'downloaded', A.content)
  const left = names(dir)
  t.match(left, [/^\.file\.bin\.[\da-f]{16}\.range-get$/, 'named.bin'])
  const count = server.requests.length
  const end = await run()
  isOutcome(t, end, 'unchanged', A.content)
  t.equal(end.result?.path, join(dir, 'named.bin'))
  t.strictSame(conditions(server, count), [named.fields['etag']])
  served.file = { content: B.content, fields: { ...named.fields, ...B.fields } }
  isOutcome(t, await run(), 'downloaded', B.content)
  t.strictSame(names(dir), left)

  served.file = A // without a name
  const plain = await endOf(download(url, { directory: dir }, { ...QUICK, ...UPDATE }), join(dir, 'file.bin'))
  isOutcome(t, plain, 'downloaded', A.content)
})

t.test('the target of a link is updated in its own folder, and the link stays', unix, async (t) => {
  const { server, served, url } = await serve(t, A)
  const dir = t.testdir({ away: { 'real.bin': 'old' } })
  symlinkSync('away/real.bin', join(dir, 'file.bin'))
  isOutcome(t, await get(url, dir, UPDATE), 'downloaded', A.content)
  t.strictSame(names(dir), ['away', 'file.bin'])
  t.strictSame(names(join(dir, 'away')), ['.real.bin.range-get', 'real.bin'])
  const count = server.requests.length
  isOutcome(t, await get(url, dir, UPDATE), 'unchanged', A.content)
  t.equal(server.requests.length, count + 1)
  served.file = B
  isOutcome(t, await get(url, dir, UPDATE), 'downloaded', B.content)
})

t.test('a file of the user that has the name of the record stays', async (t) => {
  const { url } = await serve(t, A)
  const dir = t.testdir({ [RECORD]: 'mine' })
  const end = await get(url, dir, UPDATE)
  isOutcome(t, end, 'downloaded', A.content)
  t.match(end.result?.warnings, [/nothing could be recorded .* for --update/])
  t.equal(readFileSync(join(dir, RECORD), 'utf8'), 'mine')
})

t.test('without --update nothing is recorded, and a record stays out of use', async (t) => {
  const { served, url } = await serve(t, A)
  const dir = t.testdir({})
  await get(url, dir)
  t.strictSame(names(dir), ['file.bin'])
  await get(url, dir, { ...UPDATE })
  served.file = B
  isOutcome(t, await get(url, dir, { existing: 'replace' }), 'downloaded', B.content)
  served.file = A // its record is older than the file
  isOutcome(t, await get(url, dir, UPDATE), 'downloaded', A.content)
})

t.test('what an interrupted run has left stays if the file is found unchanged then', async (t) => {
  const { served, url } = await serve(t, A)
  const dir = t.testdir({})
  await get(url, dir, UPDATE)
  served.file = B
  const stop = new AbortController()
  const onSegment = (): void => stop.abort()
  const options = { ...UPDATE, segmentSize: 10_000, connections: 1, signal: stop.signal, onSegment }
  t.equal((await get(url, dir, options)).code, 'ERR_DOWNLOAD_ABORTED')
  const left = [RECORD, 'file.bin', 'file.bin.part', 'file.bin.part.json']
  t.strictSame(names(dir), left)
  served.file = A
  isOutcome(t, await get(url, dir, UPDATE), 'unchanged', A.content)
  t.strictSame(names(dir), left)
})

t.test('two runs at once over an unchanged file both succeed', async (t) => {
  const { url } = await serve(t, A)
  const dir = t.testdir({})
  await get(url, dir, UPDATE)
  for (const end of await Promise.all([1, 2, 3].map(() => get(url, dir, UPDATE))))
    isOutcome(t, end, 'unchanged', A.content)
})

t.test('the command says what was done', async (t) => {
  const { url, served } = await serve(t, A)
  const dir = t.testdir({})
  const args = ['--update', '-o', 'file.bin', url]
  t.match((await rangeGet(args, dir).ended).stderr, /^file\.bin: 97\.7 KiB in /m)
  const again = await rangeGet(args, dir).ended
  t.strictSame([again.status, again.stderr], [0, 'file.bin: 97.7 KiB, not changed; length checked\n'])
  const json = await rangeGet(['--json', ...args], dir).ended
  t.match(JSON.parse(json.stdout.trim().split('\n').at(-1) ?? ''), { event: 'result', outcome: 'unchanged' })
  served.file = B
  t.match(
    JSON.parse((await rangeGet(['--json', ...args], dir).ended).stdout.trim().split('\n').at(-1) ?? ''),
    {
      outcome: 'downloaded',
    },
  )
  const both = await rangeGet(['--overwrite', ...args], dir).ended
  t.equal(both.status, 2)
  t.match(both.stderr, /--overwrite and --update exclude each other/)
})

t.test('after a kill before any step there is one of the two files, and no record that lies', async (t) => {
  const { served, url } = await serve(t, A)
  const root = t.testdir({})
  const NODE_OPTIONS = `--import ${fileURLToPath(new URL('../support/with-steps.js', import.meta.url))}`
  const prepare = async (name: string): Promise<string> => {
    const dir = join(root, name)
    mkdirSync(dir)
    served.file = A
    isOutcome(t, await get(url, dir, UPDATE), 'downloaded', A.content)
    served.file = B
    return dir
  }
  const run = (dir: string, env: NodeJS.ProcessEnv) =>
    rangeGet(['-q', '--update', '-o', 'file.bin', url], dir, { NODE_OPTIONS, ...env }).ended
  const steps = join(root, 'steps')
  t.equal((await run(await prepare('whole'), { STEPS: steps })).status, 0)
  const count = readFileSync(steps, 'utf8').trim().split('\n').length
  t.ok(count > 15, `${count} steps`)
  for (let step = 1; step <= count; step++) {
    const dir = await prepare(String(step))
    const { signal, status } = await run(dir, { KILL_STEP: String(step) })
    t.ok(signal === 'SIGKILL' || status === 0, `step ${step}`)
    const found = readOrNull(join(dir, 'file.bin'))
    const next = found?.equals(B.content) ? B : A
    sameBytes(t, found, next.content, `step ${step}: one of the two`)
    // Whichever file the server has now, this run must end with it.
    served.file = step % 2 === 0 ? A : B
    const end = await get(url, dir, UPDATE)
    t.equal(end.code, null, `step ${step}: ${end.message}`)
    sameBytes(t, end.file, served.file.content, `step ${step}: the file of the server`)
    // If the server has its old file again, what was received of the new one stays, as after any interruption.
    const isBack = served.file === A && next === A
    const left = names(dir).filter((name) => !isBack || !name.startsWith('file.bin.part'))
    t.strictSame(left, [RECORD, 'file.bin'], `step ${step}`)
  }
})
