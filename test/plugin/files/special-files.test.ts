import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, serve, until } from '../support/serve.ts'

t.test('anything but a regular file is a 404, and blocks no thread', async (t) => {
  // The name of a socket may not be longer than about a hundred bytes.
  const root = mkdtempSync(join(tmpdir(), 'send-range-'))
  t.teardown(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'folder'))
  writeFileSync(join(root, 'f.txt'), 'text')
  execFileSync('mkfifo', [join(root, 'fifo')])
  symlinkSync('/dev/zero', join(root, 'zero'))
  symlinkSync('fifo', join(root, 'to-fifo'))
  symlinkSync('loop', join(root, 'loop'))
  const socket = createServer().listen(join(root, 's'))
  await once(socket, 'listening')
  t.ok(statSync(join(root, 's')).isSocket())
  t.teardown(() => socket.close())
  const { port, app, errors } = await serve(t, { plugin: { root } })
  for (const name of ['fifo', 'to-fifo', 's', 'zero', 'folder', 'loop', 'f.txt/deeper']) {
    t.equal((await app.inject(`/${name}`)).statusCode, 404, name)
    t.equal((await app.inject({ method: 'HEAD', url: `/${name}` })).statusCode, 404, `HEAD ${name}`)
  }
  // More than libuv has threads: were one held until a writer comes, the file would never be served.
  const clients = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const client = await RawClient.connect(port)
      client.request('GET', '/fifo')
      return client
    }),
  )
  t.equal((await app.inject('/f.txt')).body, 'text')
  for (const client of clients) {
    t.equal((await client.readAnswer('GET')).status, 404)
    client.destroy()
  }
  await until(() => descriptorsBelow(root) === 0)
  t.strictSame(errors(), [])
})

t.test('no device is served (root: /dev)', async (t) => {
  const { app } = await serve(t, { plugin: { root: '/dev' } })
  for (const name of ['zero', 'null', 'full', 'random', 'tty', 'stdin', 'fd/0']) {
    t.equal((await app.inject(`/${name}`)).statusCode, 404, name)
  }
})

t.test('a file that reports 0 bytes and has some is sent whole (/proc)', async (t) => {
  const { app } = await serve(t, { plugin: { root: '/proc' } })
  const { statusCode, headers, body } = await app.inject({
    url: '/self/status',
    headers: { range: 'bytes=0-3' },
  })
  t.equal(statusCode, 200, 'whole')
  t.match(body, /^Name:/)
  t.equal(headers['content-length'], String(Buffer.byteLength(body)))
  t.equal(headers['accept-ranges'], 'none')
  t.equal(headers.etag, undefined)
  const { body: version } = await app.inject('/version')
  t.match(version, /^Linux version/)
  const { statusCode: memory } = await app.inject('/self/mem')
  t.ok(memory >= 400, 'what cannot be read is an error, at once')
})

const SYSTEM_FILES = [
  '/sys/kernel/mm/transparent_hugepage/enabled',
  '/sys/class/net/lo/mtu',
  '/sys/class/net/lo/uevent',
  '/sys/devices/system/cpu/online',
  '/sys/fs/cgroup/cgroup.procs',
  '/sys/kernel/notes',
  '/proc/cpuinfo',
  '/proc/sys/kernel/ostype',
  '/proc/self/cmdline',
]

for (const path of SYSTEM_FILES.filter((path) => existsSync(path))) {
  t.test(`a file that the kernel generates is sent whole (${path})`, async (t) => {
    const { app, errors } = await serve(t, { plugin: { root: '/' } })
    const wanted = readFileSync(path)
    for (const headers of [{}, { range: 'bytes=0-1' }]) {
      const answer = await app.inject({ url: path, headers })
      t.equal(answer.statusCode, 200)
      // Numbers in it may move between two looks, its length hardly.
      if (path !== '/proc/cpuinfo')
        sameBytes(t, answer.rawPayload, wanted, `${answer.rawPayload.length} bytes`)
      t.equal(answer.headers['content-length'], String(answer.rawPayload.length))
      t.equal(answer.headers['accept-ranges'], 'none')
      t.equal(answer.headers.etag, undefined)
      t.equal(answer.headers['last-modified'], undefined)
    }
    t.equal((await app.inject({ method: 'HEAD', url: path })).statusCode, 200)
    t.strictSame(errors(), [])
  })
}

t.test('a sparse file that takes no space on the disk is served by ranges (4096 bytes)', async (t) => {
  const root = t.testdir({ sparse: '' })
  truncateSync(join(root, 'sparse'), 4096)
  t.equal(statSync(join(root, 'sparse')).blocks, 0)
  const { app } = await serve(t, { plugin: { root } })
  const { statusCode, headers, rawPayload } = await app.inject({
    url: '/sparse',
    headers: { range: 'bytes=0-3' },
  })
  t.equal(statusCode, 206)
  t.match(headers.etag, /^"/)
  sameBytes(t, rawPayload, Buffer.alloc(4))
})

t.test('a file whose last positions are no exact numbers is a 500, and the log says why', async (t) => {
  let root = ''
  // Few file systems can have such a file.
  try {
    root = mkdtempSync('/dev/shm/send-range-')
    t.teardown(() => rmSync(root, { recursive: true }))
    execFileSync('truncate', ['-s', `${2 ** 53 - 1}`, join(root, 'longest')], { stdio: 'ignore' })
    for (const size of [`${2 ** 53}`, '9223372036854775807'])
      execFileSync('truncate', ['-s', size, join(root, size)], { stdio: 'ignore' })
  } catch {
    t.comment('no file can be that long here')
    return
  }
  const { app, errors } = await serve(t, { plugin: { root } })
  const last = await app.inject({ url: '/longest', headers: { range: 'bytes=-1' } })
  t.equal(last.headers['content-range'], 'bytes 9007199254740990-9007199254740990/9007199254740991')
  for (const size of [`${2 ** 53}`, '9223372036854775807']) {
    const answer = await app.inject({ url: `/${size}`, headers: { range: 'bytes=0-3' } })
    t.equal(answer.statusCode, 500, size)
    t.match(answer.json(), { code: 'ERR_RANGE_READ', message: 'The file could not be read' })
    t.match(errors().at(-1), { err: { stack: /The file is longer than 9007199254740991 bytes/ } })
  }
  t.equal(descriptorsBelow(root), 1, 'that of the file that was sent')
})

t.test('a request does not take the bytes of a writer that waits for a reader of a FIFO', async (t) => {
  const root = t.testdir({})
  execFileSync('mkfifo', [join(root, 'fifo')])
  symlinkSync('fifo', join(root, 'link'))
  const writer = spawn('sh', ['-c', 'echo "what was written" > fifo'], { cwd: root })
  const { app } = await serve(t, { plugin: { root } })
  // In the kernel's queue of those that open it.
  while (!/fifo_open|wait_for_partner/.test(readFileSync(`/proc/${writer.pid}/wchan`, 'utf8'))) {
    if (writer.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  for (const method of ['GET', 'HEAD'] as const) {
    t.equal((await app.inject({ method, url: '/fifo' })).statusCode, 404)
    t.equal((await app.inject({ method, url: '/link' })).statusCode, 404)
  }
  t.equal(writer.exitCode, null, 'it still waits')
  t.equal(execFileSync('cat', [join(root, 'fifo')], { encoding: 'utf8' }), 'what was written\n')
})

const PERMITTED = fileURLToPath(new URL('./support/permitted-child.js', import.meta.url))

t.test("a file that Node's permission model denies is a 403 that names no path", async (t) => {
  // Outside the folder of the modules, which the child may read.
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'send-range-')))
  t.teardown(() => rmSync(base, { recursive: true }))
  for (const name of ['root', 'denied']) mkdirSync(join(base, name))
  writeFileSync(join(base, 'root/open.txt'), 'open')
  writeFileSync(join(base, 'denied/secret.txt'), 'secret')
  const flag = Number(process.versions.node.split('.')[0]) < 24 ? '--experimental-permission' : '--permission'
  const modules = fileURLToPath(new URL('../../../../', import.meta.url))
  const allowed = [modules, join(base, 'root')].map((path) => `--allow-fs-read=${join(path, '*')}`)
  const printed = execFileSync(
    'env',
    [
      '-u',
      'NODE_OPTIONS',
      process.execPath,
      flag,
      ...allowed,
      PERMITTED,
      join(base, 'root'),
      join(base, 'denied'),
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const answers = JSON.parse(printed) as Record<string, { status: number; text: string }>
  t.equal(answers['/open/open.txt']?.status, 200)
  for (const target of ['/denied/secret.txt', '/denied/absent.txt']) {
    t.equal(answers[target]?.status, 403, target)
    t.notMatch(answers[target]?.text, base)
  }
})

t.test('an empty file is a 200 without bytes, and every range of it a 416', async (t) => {
  const root = t.testdir({ empty: '' })
  const { app } = await serve(t, { plugin: { root } })
  const whole = await app.inject('/empty')
  t.equal(whole.statusCode, 200)
  t.equal(whole.headers['content-length'], '0')
  t.match(whole.headers.etag, /^"/)
  const { statusCode, headers } = await app.inject({ url: '/empty', headers: { range: 'bytes=0-' } })
  t.equal(statusCode, 416)
  t.equal(headers['content-range'], 'bytes */0')
})

t.test('ranges of a sparse file of 10 GiB are right', async (t) => {
  const root = t.testdir({})
  const size = 10 * 1024 ** 3
  const fd = openSync(join(root, 'big'), 'w')
  ftruncateSync(fd, size)
  writeSync(fd, 'here', 5_000_000_000)
  closeSync(fd)
  const { app, port } = await serve(t, { plugin: { root } })
  for (const [range, contentRange, body] of [
    ['bytes=5000000000-5000000003', `bytes 5000000000-5000000003/${size}`, 'here'],
    ['bytes=-4', `bytes ${size - 4}-${size - 1}/${size}`, '\0\0\0\0'],
    [`bytes=${size - 1}-99999999999999999999999`, `bytes ${size - 1}-${size - 1}/${size}`, '\0'],
  ]) {
    const answer = await app.inject({ url: '/big', headers: { range } })
    t.equal(answer.statusCode, 206)
    t.equal(answer.headers['content-range'], contentRange)
    t.equal(answer.body, body)
  }
  const several = await app.inject({ url: '/big', headers: { range: 'bytes=5000000000-5000000003, -2' } })
  t.match(several.headers['content-type'], 'multipart/byteranges')
  t.match(several.body, /here\r\n--.*\0\0\r\n--/s)
  const client = await RawClient.connect(port)
  client.request('GET', '/big', ['Range: bytes=4999999998-'])
  const head = await client.readHead()
  t.equal(head.fields.get('content-length'), String(size - 4_999_999_998))
  t.equal((await client.readBytes(6)).toString(), '\0\0here')
  client.destroy()
  t.equal((await app.inject({ method: 'HEAD', url: '/big' })).headers['content-length'], String(size))
})

const CHILD = fileURLToPath(new URL('./support/unprivileged-child.js', import.meta.url))

const skip = process.getuid?.() === 0 ? false : 'needs root, to become another user'
t.test('a file without permission to read is a 403 that names no path', { skip }, async (t) => {
  const root = t.testdir({
    'secret.txt': 'secret',
    'open.txt': 'open',
    'open.txt.gz': 'gz',
    closed: { 'f.txt': 'secret' },
  })
  execFileSync('chmod', ['600', join(root, 'secret.txt'), join(root, 'open.txt.gz')])
  execFileSync('chmod', ['700', join(root, 'closed')])
  // Without the options of the test runner, which would write into a folder of the child's former self.
  const command = ['-u', 'NODE_OPTIONS', process.execPath, CHILD, root]
  const printed = execFileSync('env', command, { encoding: 'utf8' })
  const answers = JSON.parse(printed) as Record<string, { status: number; text: string }>
  t.equal(answers['/open.txt']?.status, 200)
  t.match(answers['/open.txt']?.text, /open$/, 'in place of a variant that is refused')
  for (const target of ['/secret.txt', '/closed/f.txt', '/closed/absent.txt']) {
    t.equal(answers[target]?.status, 403, target)
    t.notMatch(answers[target]?.text, root)
    t.notMatch(answers[target]?.text, 'secret')
  }
})

t.test('a request gets a 503 with Retry-After if no descriptor is left', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  for (let count = 0; count < 60; count++) writeFileSync(join(root, `${count}.bin`), Buffer.alloc(200_000))
  const printed = execFileSync(
    'sh',
    [
      '-c',
      'ulimit -n 96; exec "$0" "$@"',
      process.execPath,
      fileURLToPath(new URL('./support/starved-child.js', import.meta.url)),
      root,
    ],
    { encoding: 'utf8' },
  )
  const { oneByOne, statuses, retryAfter, later } = JSON.parse(printed) as {
    oneByOne: number[]
    statuses: number[]
    retryAfter: string[]
    later: number
  }
  t.strictSame([...new Set(oneByOne)], [200], 'files that are only kept open are closed for others')
  t.strictSame([...new Set(statuses)].sort(), [200, 503])
  t.strictSame([...new Set(retryAfter)], ['1'])
  t.equal(later, 200, 'and is served then')
})
