// The directory of the output: made where that is allowed, before the first request.
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DownloadOptions, download } from 'range-get'
import t from 'tap'
import { rangeGet } from '../support/command.ts'
import { head, honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { endOf, names } from '../support/run.ts'

const CONTENT = makeContent(100_000)
const A = resource(CONTENT)
const CREATE: DownloadOptions = { missingDirectory: 'create', retries: 0 }

t.test('a missing directory is an error that names the option, and nothing is requested', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  for (const destination of [join(dir, 'a/b/file.bin'), { directory: join(dir, 'a/b') }]) {
    const end = await endOf(download(`${server.url}/file.bin`, destination), join(dir, 'a/b/file.bin'))
    t.equal(end.code, 'ERR_DOWNLOAD_UNWRITABLE')
    t.equal(
      end.message,
      `cannot write to ${join(dir, 'a/b')}: the directory does not exist. --create-dirs (missingDirectory: 'create') makes it`,
    )
  }
  t.strictSame(names(dir), [])
  t.strictSame(server.requests, [])
})

t.test('with the option, a missing directory and its parents are made', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  for (const [parent, destination] of [
    ['a', join(dir, 'a/b/file.bin')],
    ['c', { directory: join(dir, 'c/b') }],
  ] as const) {
    const path = join(dir, parent, 'b/file.bin')
    const end = await endOf(download(`${server.url}/file.bin`, destination, CREATE), path)
    t.equal(end.code, null, end.message)
    t.ok(end.file?.equals(CONTENT))
    t.strictSame(names(join(dir, parent, 'b')), ['file.bin'])
    t.equal(statSync(join(dir, parent)).mode & 0o777, 0o777 & ~process.umask())
  }
})

t.test('several runs may make the same directory at once', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const directory = join(t.testdir({}), 'a/b/c')
  const files = ['1', '2', '3', '4']
  await Promise.all(files.map((name) => download(`${server.url}/${name}`, { directory }, CREATE).finished))
  t.strictSame(names(directory), files)
})

t.test('a directory that is there is used, and what cannot be one is refused', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  mkdirSync(join(dir, 'there'))
  symlinkSync('there', join(dir, 'link'))
  symlinkSync('nowhere', join(dir, 'dangling'))
  writeFileSync(join(dir, 'file'), 'kept')
  for (const [folder, code, message] of [
    ['there', null, /^$/],
    ['link/below', null, /^$/],
    ['dangling', 'ERR_DOWNLOAD_UNWRITABLE', /cannot write to .*dangling: something that is not/],
    ['file', 'ERR_DOWNLOAD_UNWRITABLE', /^cannot write to [^ ]+\/file: it is not a directory$/],
    ['file/below', 'ERR_DOWNLOAD_UNWRITABLE', /not a directory/],
  ] as const) {
    const path = join(dir, folder, 'file.bin')
    const end = await endOf(download(`${server.url}/file.bin`, path, CREATE), path)
    t.equal(end.code, code, `${folder}: ${end.message}`)
    t.match(end.message, message, folder)
  }
  t.strictSame(names(join(dir, 'there')), ['below', 'file.bin'])
  t.equal(readFileSync(join(dir, 'file'), 'utf8'), 'kept')
})

t.test('--create-dirs makes the directory of -d and of -o, and it stays after a failure', async (t) => {
  const server = await startHostile((request, socket) => {
    if (request.path === '/file.bin') return honest(A)(request, socket)
    socket.write(head('404 Not Found', { 'content-length': 0 }))
  })
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const without = await rangeGet(['-q', '-d', 'a/b', `${server.url}/file.bin`], dir).ended
  t.equal(without.status, 9)
  t.match(without.stderr, /^range-get: [^\n]+ does not exist\. --create-dirs [^\n]+ makes it\n$/)
  for (const args of [
    ['-d', 'a/b'],
    ['-o', 'c/d/file.bin'],
  ]) {
    const { status, stderr } = await rangeGet(['-q', '--create-dirs', ...args, `${server.url}/file.bin`], dir)
      .ended
    t.equal(status, 0, stderr)
  }
  t.strictSame(names(join(dir, 'a/b')), ['file.bin'])
  t.strictSame(names(join(dir, 'c/d')), ['file.bin'])
  const failed = await rangeGet(['-q', '--create-dirs', '-d', 'e', `${server.url}/no`], dir).ended
  t.equal(failed.status, 4)
  t.strictSame(names(join(dir, 'e')), [])
})
