// A download from several servers that is interrupted or killed, and goes on with the same or with other servers.
import { join } from 'node:path'
import { type DownloadOptions, download } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { type HostileServer, honest, makeContent, type Script } from '../support/hostile-server.ts'
import { recorded } from '../support/kill.ts'
import {
  CHECKSUM,
  CONTENT,
  good,
  laterRequests,
  lying,
  OTHER,
  REPR,
  refusing,
  SIZE,
  SMALL,
  serve,
  sly,
  urlOf,
} from '../support/mirrors.ts'
import { type End, endOf, names, QUICK } from '../support/run.ts'

const TAG = { etag: '"1"' }
const DEAD = refusing('404 Not Found')

/** Downloads until `parts` have come, or to the end. */
async function run(
  dir: string,
  servers: readonly HostileServer[],
  { parts = Number.POSITIVE_INFINITY, ...options }: DownloadOptions & { parts?: number },
): Promise<End> {
  const [first = '', ...mirrors] = servers.map(urlOf)
  const stop = new AbortController()
  let left = parts
  const onSegment = (): void => {
    if (--left <= 0) stop.abort()
  }
  const all = { ...QUICK, ...SMALL, ...options, mirrors, resumeKey: 'key', onSegment, signal: stop.signal }
  const path = join(dir, 'file.bin')
  return await endOf(download(first, path, all), path)
}

interface Row {
  name: string
  /** Of the first run, and of the second. */
  scripts: [Script[], Script[]]
  options?: DownloadOptions
  isResumed: boolean
  later?: DownloadOptions
}

const rows: Row[] = [
  {
    name: 'the same servers',
    scripts: [
      [good(), good()],
      [good(), good()],
    ],
    options: { checksum: CHECKSUM },
    isResumed: true,
  },
  {
    name: 'another server',
    scripts: [
      [good(REPR), good(REPR)],
      [DEAD, good(REPR)],
    ],
    isResumed: true,
  },
  {
    name: 'another server with the same tag, if tags are shared',
    scripts: [
      [good(TAG), DEAD],
      [DEAD, good(TAG)],
    ],
    options: { mirrorTags: 'shared' },
    isResumed: true,
  },
  {
    name: 'another server with the same tag',
    scripts: [
      [lying(TAG), DEAD],
      [DEAD, good(TAG)],
    ],
    isResumed: false,
  },
  {
    name: 'bytes of two servers, without their checksum',
    scripts: [
      [good(TAG), sly()],
      [good(TAG), DEAD],
    ],
    options: { checksum: CHECKSUM },
    later: {},
    isResumed: false,
  },
  {
    name: 'a liar in the first run',
    scripts: [
      [good(), sly()],
      [good(), DEAD],
    ],
    options: { checksum: CHECKSUM },
    isResumed: true,
  },
]

for (const { name, scripts, options = {}, later = options, isResumed } of rows)
  t.test(`a second run ${isResumed ? 'resumes' : 'starts over'}: ${name}`, async (t) => {
    const dir = t.testdir()
    const first = await serve(t, ...scripts[0])
    const stopped = await run(dir, first, { ...options, parts: 6 })
    t.equal(stopped.code, 'ERR_DOWNLOAD_ABORTED')
    const second = await serve(t, ...scripts[1])
    const { file, result, code, message } = await run(dir, second, later)
    t.equal(code, null, message)
    sameBytes(t, file, CONTENT)
    t.equal((result?.resumed ?? 0) > 0, isResumed)
    t.strictSame(names(dir), ['file.bin'])
  })

t.test('what a mirror began is not taken for a version of the URL with the same tag', async (t) => {
  const dir = t.testdir()
  const [mirror] = await serve(t, lying(TAG))
  const [dead] = await serve(t, DEAD)
  const stopped = await run(dir, [dead, mirror] as HostileServer[], { parts: 3 })
  t.equal(stopped.code, 'ERR_DOWNLOAD_ABORTED')
  const [alive] = await serve(t, good(TAG))
  const { file, result } = await run(dir, [alive, mirror] as HostileServer[], {})
  // Nothing says that the two have one file. What is stored is of the mirror, so that one completes it.
  t.ok(file?.equals(OTHER) || file?.equals(CONTENT), 'it is not mixed')
  t.equal(file?.equals(OTHER), (result?.resumed ?? 0) > 0)
})

for (const { name, fields, isResumed } of [
  { name: 'a tag', fields: TAG, isResumed: false },
  { name: 'a digest', fields: REPR, isResumed: true },
])
  t.test(`a run without the mirror that began knows its bytes by ${name}`, async (t) => {
    const dir = t.testdir()
    const [dead, mirror] = await serve(t, DEAD, isResumed ? good(fields) : lying(fields))
    const stopped = await run(dir, [dead, mirror] as HostileServer[], { parts: 6 })
    t.equal(stopped.code, 'ERR_DOWNLOAD_ABORTED')
    const alive = await serve(t, good(fields))
    const { file, result, code } = await run(dir, alive, {})
    t.equal(code, null)
    sameBytes(t, file, CONTENT)
    t.equal((result?.resumed ?? 0) > 0, isResumed)
  })

/** Starts the command and kills it once it has recorded some bytes. */
async function kill(t: Test, dir: string, args: readonly string[]): Promise<void> {
  const { child, ended } = rangeGet(args, dir)
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  while (!isOver && recorded(dir) === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  child.kill('SIGKILL')
  await ended
  t.notOk(isOver && names(dir).includes('file.bin') && names(dir).length > 1, 'nothing beside the file')
}

const BIG = makeContent(24_000_000)
const BIG_LIE = makeContent(24_000_000, 'version B')

t.test('a download from an honest and a lying server, killed three times, ends right', async (t) => {
  const dir = t.testdir()
  const servers = await serve(
    t,
    honest({ content: BIG, fields: {} }),
    honest({ content: BIG_LIE, fields: {} }),
  )
  const { createHash } = await import('node:crypto')
  const checksum = `sha-256=${createHash('sha256').update(BIG).digest('hex')}`
  const [first = '', second = ''] = servers.map(urlOf)
  const args = [
    '-q',
    '-o',
    'file.bin',
    '--segment-size',
    '1M',
    '--checksum',
    checksum,
    '--mirror',
    second,
    first,
  ]
  for (let killed = 0; killed < 3; killed++) await kill(t, dir, ['--limit-rate', '8M', ...args])
  const { status, stderr } = await rangeGet(args, dir).ended
  t.ok(status === 0 || (status === 11 && names(dir).length === 1), `${status}: ${stderr}`)
  const { readFileSync } = await import('node:fs')
  sameBytes(t, readFileSync(join(dir, 'file.bin')), BIG)
})

t.test('a password, a cookie and a token go to no other origin', async (t) => {
  const servers = await serve(t, good(REPR), good(REPR))
  const headers = {
    authorization: 'Bearer secret',
    cookie: 'a=b',
    'x-token': 'secret',
    'accept-language': 'en',
  }
  const { code } = await run(t.testdir(), servers, { headers })
  t.equal(code, null)
  for (const request of servers[0]?.requests ?? [])
    t.equal(request.headers.get('authorization'), 'Bearer secret')
  t.ok(laterRequests(servers[1] as HostileServer) > 0)
  for (const { headers } of servers[1]?.requests ?? []) {
    for (const name of ['authorization', 'cookie', 'x-token']) t.equal(headers.get(name), undefined)
    t.equal(headers.get('accept-language'), 'en')
  }
})

t.test('warnings and errors show no secret of a URL', async (t) => {
  const servers = await serve(t, DEAD, DEAD)
  const hidden = (server: HostileServer | undefined): string =>
    `${urlOf(server as HostileServer).replace('//', '//user:password@')}?token=secret`
  const path = join(t.testdir(), 'file.bin')
  const options = { ...QUICK, mirrors: [hidden(servers[1])] }
  const { code, message } = await endOf(download(hidden(servers[0]), path, options), path)
  t.equal(code, 'ERR_DOWNLOAD_HTTP')
  t.notMatch(message, /secret|password/)
  t.match(
    message,
    /404 Not Found.*Of the mirrors, http:\/\/127\.0\.0\.1:\d+\/file\.bin: the server answered 404/,
  )
})

t.test('a file that is smaller than the first look, and an empty one', async (t) => {
  for (const size of [0, 1, 4095, 4096, 4097]) {
    const content = makeContent(SIZE).subarray(0, size)
    const servers = await serve(t, honest({ content, fields: {} }), honest({ content, fields: {} }))
    const { code, file } = await run(t.testdir(), servers, {})
    t.equal(code, null, `${size}`)
    t.ok(file?.equals(content))
  }
})
