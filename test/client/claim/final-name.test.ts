// How a finished file gets its name: never over another file, also on file systems that support little.
import { execFileSync, spawnSync } from 'node:child_process'
import { constants, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import promises from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DownloadOptions, download } from 'range-get'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { answerHonestly, honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { hookFunction, hookHandles, type Refusable, refuse, systemError } from '../support/refusals.ts'
import { get, names, QUICK, readOrNull } from '../support/run.ts'

const CONTENT = makeContent(300_000)
const DATE = 'Mon, 05 Jan 2026 10:00:00 GMT'
const A = resource(CONTENT, { 'last-modified': DATE })
/** Codes with which file systems refuse link(2): Android, exFAT, FUSE, network file systems, quotas of XFS. */
const NO_LINKS = 'EACCES EPERM EISDIR EINVAL EMLINK ENOSYS EOPNOTSUPP ENOTSUP EXDEV ENOTTY EIO'.split(' ')
/** The number of FUSE that statfs(2) gives. */
const FUSE = 0x65735546
const NOTE = /no hard links/

// Real processes and files, on a machine that may be busy.
t.setTimeout(120_000)

t.test('a file that appears while the finished one is flushed is never replaced', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  for (const links of ['offered', ...NO_LINKS]) {
    const dir = t.testdir({})
    const undo = links === 'offered' ? () => undefined : await refuse('link', links)
    let isMade = false
    const unhook = await hookHandles('sync', () => {
      if (!isMade) writeFileSync(join(dir, 'file.bin'), 'mine')
      isMade = true
    })
    const end = await get(`${server.url}/file.bin`, dir)
    undo()
    unhook()
    t.ok(isMade)
    t.equal(end.code, 'ERR_DOWNLOAD_EXISTS', `${links}: ${end.message}`)
    t.equal(readFileSync(join(dir, 'file.bin'), 'utf8'), 'mine', links)
    const asked = server.requests.length
    const again = await get(`${server.url}/file.bin`, dir, { existing: 'replace' })
    t.equal(again.result?.resumed, CONTENT.length, 'what was received is kept')
    sameBytes(t, again.file, CONTENT)
    t.equal(server.requests.length, asked + 1)
    t.strictSame(names(dir), ['file.bin'])
  }
})

t.test('without hard links, a file that appears just before the rename stays', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const undo = hookFunction('link', async (_from, to) => {
    if (to === join(dir, 'file.bin')) writeFileSync(join(dir, 'file.bin'), 'mine')
    throw systemError('EPERM')
  })
  t.teardown(undo)
  const end = await get(`${server.url}/file.bin`, dir)
  t.equal(end.code, 'ERR_DOWNLOAD_EXISTS', end.message)
  t.equal(readFileSync(join(dir, 'file.bin'), 'utf8'), 'mine')
})

t.test('of two downloads that the server gives one name, one fails with EXISTS', async (t) => {
  const disposition = { 'content-disposition': 'attachment; filename="same.bin"' }
  const contents = [makeContent(300_000, 'version A'), makeContent(300_000, 'version B')]
  const server = await startHostile((request, socket) => {
    const content = contents[request.path === '/a' ? 0 : 1] ?? CONTENT
    answerHonestly(resource(content, disposition), request, socket)
  })
  t.teardown(() => server.stop())
  for (const links of ['offered', 'EPERM']) {
    const undo = links === 'offered' ? () => undefined : await refuse('link', links)
    for (let round = 0; round < 5; round++) {
      const dir = t.testdir({})
      const ends = await Promise.allSettled(
        ['a', 'b'].map((name) => download(`${server.url}/${name}`, { directory: dir }, QUICK).finished),
      )
      const winners = [0, 1].filter((index) => ends[index]?.status === 'fulfilled')
      t.equal(winners.length, 1, `${links}: ${ends.map(({ status }) => status)}`)
      const loser = ends.find((end) => end.status === 'rejected')
      t.match(loser?.reason, { code: 'ERR_DOWNLOAD_EXISTS' })
      sameBytes(t, readOrNull(join(dir, 'same.bin')), contents[winners[0] ?? 0] ?? CONTENT, links)
    }
    undo()
  }
})

t.test('a link that is made although the file system reports EEXIST counts', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const { link } = promises
  const undo = hookFunction('link', async (...args: unknown[]) => {
    const [from, to] = args.map(String)
    await link(from ?? '', to ?? '')
    throw systemError('EEXIST')
  })
  t.teardown(undo)
  const end = await get(`${server.url}/file.bin`, dir)
  sameBytes(t, end.file, CONTENT, end.message)
  t.strictSame(names(dir), ['file.bin'])
})

t.test('a run that is killed while the file has both names is cleaned up', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const hooks = fileURLToPath(new URL('../support/with-kill.js', import.meta.url))
  const env = { KILL: 'link:/file\\.bin$', NODE_OPTIONS: `--import ${hooks}` }
  const killed = await rangeGet(['-q', '-o', 'file.bin', `${server.url}/file.bin`], dir, env).ended
  t.equal(killed.signal, 'SIGKILL', killed.stderr)
  t.equal(statSync(join(dir, 'file.bin')).nlink, 2)
  t.equal((await get(`${server.url}/file.bin`, dir)).code, 'ERR_DOWNLOAD_EXISTS')
  const end = await get(`${server.url}/file.bin`, dir, { existing: 'replace' })
  sameBytes(t, end.file, CONTENT, end.message)
  t.strictSame(names(dir), ['file.bin'])
  t.equal(statSync(join(dir, 'file.bin')).nlink, 1)
})

const OFFERS_LITTLE: readonly {
  what: Refusable
  codes: string
  options: DownloadOptions
  warning: RegExp | null
}[] = [
  { what: 'link', codes: NO_LINKS.join(' '), options: {}, warning: NOTE },
  { what: 'statfs', codes: 'ENOSYS EPERM EACCES EIO', options: {}, warning: /how much space is free/ },
  {
    what: 'utimes',
    codes: 'EPERM EACCES ENOSYS EINVAL EROFS',
    options: { modified: 'server' },
    warning: /refuses to set dates/,
  },
  { what: 'sync', codes: 'EINVAL ENOSYS ENOTSUP EOPNOTSUPP', options: {}, warning: /cannot flush/ },
  { what: 'datasync', codes: 'EINVAL ENOSYS ENOTSUP EOPNOTSUPP', options: {}, warning: null },
  { what: 'chmod', codes: 'EPERM ENOSYS', options: { existing: 'replace' }, warning: /refuses to set modes/ },
  { what: 'chown', codes: 'EPERM', options: { existing: 'replace' }, warning: null },
]

t.test('a download on a file system that refuses an operation succeeds with a warning', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const rows = OFFERS_LITTLE.flatMap((row) => row.codes.split(' ').map((code) => ({ ...row, code })))
  for (const { what, code, options, warning } of rows) {
    const dir = t.testdir(options.existing === 'replace' ? { 'file.bin': 'old' } : {})
    const undo = await refuse(what, code)
    const end = await get(`${server.url}/file.bin`, dir, options)
    undo()
    sameBytes(t, end.file, CONTENT, `${what} ${code}: ${end.message}`)
    t.equal(end.result?.warnings.length, warning === null ? 0 : 1, `${what} ${code}`)
    if (warning !== null) t.match(end.result?.warnings[0], warning)
    t.strictSame(names(dir), ['file.bin'])
  }
})

t.test('a directory that cannot be read gives a warning about flushes', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const { open } = promises
  for (const code of ['EACCES', 'EPERM', 'EISDIR', 'EINVAL']) {
    const dir = t.testdir({})
    const undo = hookFunction('open', async (...args: unknown[]) => {
      if (args[0] === dir) throw systemError(code)
      return await Reflect.apply(open, promises, args)
    })
    const end = await get(`${server.url}/file.bin`, dir)
    undo()
    sameBytes(t, end.file, CONTENT, `${code}: ${end.message}`)
    t.match(end.result?.warnings, [/cannot flush/])
    t.strictSame(names(dir), ['file.bin'])
  }
})

t.test('a flush that fails with an I/O error leaves no file', async (t) => {
  // A small file has no journal, and so nothing is flushed for one.
  const server = await startHostile(honest(resource(makeContent(1_100_000))))
  t.teardown(() => server.stop())
  for (const what of ['sync', 'datasync'] as const) {
    for (const code of ['EIO', 'ENOSPC']) {
      const undo = await refuse(what, code)
      const end = await get(`${server.url}/file.bin`, t.testdir({}))
      undo()
      t.match(end.code, /^ERR_DOWNLOAD_(?:UNWRITABLE|DISK_FULL)$/, `${what} ${code}`)
      t.equal(end.file, null)
    }
  }
})

t.test('a download does not fail after the file has its name', async (t) => {
  const server = await startHostile(honest(resource(makeContent(1_100_000)))) // not a small file, so it has a journal
  t.teardown(() => server.stop())
  const { open, unlink } = promises
  for (const code of ['EIO', 'ENOSPC', 'EROFS']) {
    const dir = t.testdir({})
    const hasName = (): boolean => names(dir).includes('file.bin')
    const hooks = [
      hookFunction('open', async (...args: unknown[]) => {
        if (args[0] === dir && hasName()) throw systemError(code)
        return await Reflect.apply(open, promises, args)
      }),
      hookFunction('unlink', async (...args: unknown[]) => {
        if (String(args[0]).endsWith('.part.json') && hasName()) throw systemError(code)
        return await Reflect.apply(unlink, promises, args)
      }),
    ]
    const end = await get(`${server.url}/file.bin`, dir)
    for (const undo of hooks.reverse()) undo()
    t.equal(end.code, null, `${code}: ${end.message}`)
    t.match(end.result?.warnings, [/directory could not be flushed/], code)
    t.strictSame(names(dir), ['file.bin', 'file.bin.part.json'], code)
    t.equal((await get(`${server.url}/file.bin`, dir)).code, 'ERR_DOWNLOAD_EXISTS')
    t.strictSame(names(dir), ['file.bin'], 'a later run removes the journal')
  }
})

t.test('a file system that reports no size gives a warning about free space', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  for (const [blocks, bsize] of [
    [0, 4096],
    [0, 0],
    [1000, 0],
  ]) {
    const undo = hookFunction('statfs', async () => ({ type: 0, bsize, blocks, bfree: 0, bavail: 0 }))
    const end = await get(`${server.url}/file.bin`, t.testdir({}))
    undo()
    sameBytes(t, end.file, CONTENT, end.message)
    t.match(end.result?.warnings, [/how much space is free/])
  }
  const undo = hookFunction('statfs', async () => ({ type: 0, bsize: 4096, blocks: 9, bfree: 0, bavail: 0 }))
  t.teardown(undo)
  t.equal((await get(`${server.url}/file.bin`, t.testdir({}))).code, 'ERR_DOWNLOAD_DISK_FULL')
})

t.test('a download on a usual file system has no warnings', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const end = await get(`${server.url}/file.bin`, dir, { modified: 'server' })
  t.strictSame(end.result?.warnings, [])
  t.equal(statSync(join(dir, 'file.bin')).mtime.toUTCString(), DATE)
})

t.test('the command shows each warning once', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const hooks = fileURLToPath(new URL('../support/with-refusals.js', import.meta.url))
  const env = { REFUSE: 'link:EACCES,statfs:ENOSYS,utimes:EPERM', NODE_OPTIONS: `--import ${hooks}` }
  const urls = ['a', 'b'].map((name) => `${server.url}/${name}`)
  const run = async (...args: string[]) => {
    const dir = t.testdir({})
    const ended = await rangeGet([...args, '--server-time', ...urls], dir, env).ended
    t.equal(ended.status, 0, ended.stderr)
    t.strictSame(names(dir), ['a', 'b'])
    return ended
  }
  const shown = await run()
  t.equal(shown.stderr.match(/^note: the file system /gm)?.length, 3, shown.stderr)
  t.equal((await run('-q')).stderr, '')
  const lines = (await run('--json')).stdout.trim().split('\n')
  const results = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'result')
  t.strictSame(
    results.map(({ warnings }) => warnings.length),
    [3, 3],
  )
})

t.test('a link that has another inode, as on sshfs, is the file that is open', async (t) => {
  const served = resource(makeContent(3_000_000))
  const server = await startHostile(honest(served))
  t.teardown(() => server.stop())
  t.teardown(
    hookFunction('statfs', async () => ({ type: FUSE, bsize: 4096, blocks: 9_000_000, bavail: 9_000_000 })),
  )
  let links = 0
  // Two names of one file have two inodes there. A copy has another one, too.
  t.teardown(
    hookFunction('link', async (from, to) => {
      links++
      await promises.copyFile(String(from), String(to), constants.COPYFILE_EXCL)
    }),
  )
  const dir = t.testdir({})
  for (const existing of ['refuse', 'replace', 'update'] as const) {
    const end = await get(`${server.url}/file.bin`, dir, { existing, connections: 3 })
    t.equal(end.code, null, end.message)
    sameBytes(t, end.file, served.content)
    t.strictSame(
      names(dir).filter((name) => name !== '.file.bin.range-get'),
      ['file.bin'],
    )
  }
  t.ok(links > 3)
})

t.test('a download to exFAT, mounted by FUSE, is complete', { skip: withoutExfat() }, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const root = t.testdir({ mount: {} })
  const [image, dir] = [join(root, 'image'), join(root, 'mount')]
  writeFileSync(image, '')
  truncateSync(image, 64 * 1024 * 1024)
  execFileSync('mkfs.exfat', [image])
  const device = execFileSync('losetup', ['-f', '--show', image], { encoding: 'utf8' }).trim()
  t.teardown(() => spawnSync('losetup', ['-d', device]))
  t.equal(spawnSync('mount.exfat-fuse', [device, dir]).status, 0, 'mounted')
  t.teardown(() => spawnSync('umount', [dir]))
  t.throws(() => execFileSync('ln', ['mount/x', 'mount/y'], { cwd: root, stdio: 'ignore' }))
  const args = ['--server-time', '-o', 'file.bin', `${server.url}/file.bin`]
  const first = await rangeGet(args, dir).ended
  t.equal(first.status, 0, first.stderr)
  t.match(first.stderr, NOTE)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
  t.equal(statSync(join(dir, 'file.bin')).mtime.toUTCString(), DATE)
  t.equal((await rangeGet(['-q', ...args], dir).ended).status, 11)
  t.equal((await rangeGet(['-q', '--overwrite', ...args], dir).ended).status, 0)
  t.strictSame(names(dir), ['file.bin'])
})

function withoutExfat(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux to mount'
  if (!existsSync('/dev/fuse')) return 'no FUSE here'
  const isThere = (command: string): boolean => spawnSync('which', [command]).status === 0
  const isInstalled = ['mkfs.exfat', 'mount.exfat-fuse', 'losetup'].every(isThere)
  return isInstalled && spawnSync('losetup', ['-f']).status === 0
    ? false
    : 'no exfat-fuse or loop device here'
}
