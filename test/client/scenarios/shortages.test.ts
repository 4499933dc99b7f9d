// Descriptors, memory or ports run out during a download. There are fewer connections, and no byte is lost.
import { spawnSync } from 'node:child_process'
import promises from 'node:fs/promises'
import { basename, join } from 'node:path'
import { download, downloadAll } from 'range-get'
import t from 'tap'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet, spawnCommand } from '../support/command.ts'
import { makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { hookFunction, systemError } from '../support/refusals.ts'
import { get, names, QUICK, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const CONTENT = makeContent(3_000_000)
const A = resource(CONTENT)
const MANY = { connections: 8, segmentSize: 100_000 }

for (const code of ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS']) {
  t.test(
    `a file that cannot be opened makes a download give up connections, down to one (${code})`,
    async (t) => {
      const server = await startSlow(A)
      t.teardown(() => server.stop())
      const own = promises.open
      let refused = 0
      let most = 0
      t.teardown(
        hookFunction('open', async (...args) => {
          // As if each connection took the descriptor that the journal needs.
          if (server.served > 300_000 && run.progress.connections > 1) {
            refused++
            throw systemError(code)
          }
          return await Reflect.apply(own, promises, args)
        }),
      )
      const dir = t.testdir({})
      const run = download(`${server.url}/x`, join(dir, 'file.bin'), {
        ...QUICK,
        ...MANY,
        stallTimeout: 5000,
      })
      for await (const { connections } of run) most = Math.max(most, connections)
      await run.finished
      t.ok(most > 1 && refused > 0, `${most} connections, ${refused} refusals`)
      sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
      t.strictSame(names(dir), ['file.bin'])
    },
  )

  t.test(
    `a file that cannot be opened with one connection either ends the download, which is resumed later (${code})`,
    async (t) => {
      const server = await startSlow(A)
      t.teardown(() => server.stop())
      const own = promises.open
      const isShort = (): boolean => server.served > 1_000_000
      const undo = hookFunction('open', async (...args) => {
        if (isShort() && run.progress.connections > 0) throw systemError(code)
        return await Reflect.apply(own, promises, args)
      })
      const dir = t.testdir({})
      const path = join(dir, 'file.bin')
      const run = download(`${server.url}/x`, path, { ...QUICK, connections: 2, limitRate: 500_000 })
      await t.rejects(run.finished, {
        code: 'ERR_DOWNLOAD_RESOURCES',
        message: new RegExp(`left \\(${code}\\)`),
      })
      await t.rejects(run.finished, { message: /What was received is kept\. (?:Raise|Close)/ })
      undo()
      t.strictSame(names(dir), ['file.bin.part', 'file.bin.part.json'])
      const end = await get(`${server.url}/x`, dir, { stallTimeout: 5000 })
      sameBytes(t, end.file, CONTENT, end.message)
      t.ok((end.result?.resumed ?? 0) > 0, 'it is resumed')
    },
  )
}

for (const name of ['journal.key', '.part.json', '.part.lock']) {
  t.test(`a shortage does not make a run drop the bytes of an earlier one (${name})`, async (t) => {
    const server = await startSlow(A)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const stop = new AbortController()
    const path = join(dir, 'file.bin')
    const first = download(`${server.url}/x`, path, { ...QUICK, stallTimeout: 5000, signal: stop.signal })
    for await (const { received } of first) if (received > 500_000) stop.abort()
    await t.rejects(first.finished, { code: 'ERR_DOWNLOAD_ABORTED' })
    const before = names(dir)
    const own = promises.open
    const undo = hookFunction('open', async (...args) => {
      if (String(args[0]).includes(name)) throw systemError('EMFILE')
      return await Reflect.apply(own, promises, args)
    })
    const end = await get(`${server.url}/x`, dir)
    undo()
    t.equal(end.code, 'ERR_DOWNLOAD_RESOURCES', end.message)
    t.strictSame(names(dir), before, 'the files are as they were')
    const again = await get(`${server.url}/x`, dir, { stallTimeout: 5000 })
    sameBytes(t, again.file, CONTENT, again.message)
    t.ok((again.result?.resumed ?? 0) > 0, 'it is resumed')
  })
}

t.test('a shortage does not make an existing file count as missing', async (t) => {
  const dir = t.testdir({ 'file.bin': CONTENT.toString() })
  const own = promises.open
  const undo = hookFunction('open', async (...args) => {
    if (String(args[0]).endsWith('file.bin')) throw systemError('EMFILE')
    return await Reflect.apply(own, promises, args)
  })
  const checksum = `sha-256=${'0'.repeat(64)}`
  const end = await get('http://127.0.0.1:9/x', dir, { checksum })
  undo()
  t.equal(end.code, 'ERR_DOWNLOAD_RESOURCES', end.message)
})

t.test('a download gives up connections so that another one gets its first', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const options = { ...QUICK, ...MANY, stallTimeout: 5000 }
  const first = download(`${server.url}/x`, join(dir, 'a.bin'), options)
  const own = promises.open
  const undo = hookFunction('open', async (...args) => {
    if (String(args[0]).includes('b.bin') && first.progress.connections > 1) throw systemError('EMFILE')
    return await Reflect.apply(own, promises, args)
  })
  for await (const { connections } of first) if (connections > 3) break
  await download(`${server.url}/x`, join(dir, 'b.bin'), options).finished
  await first.finished
  undo()
  for (const name of ['a.bin', 'b.bin']) sameBytes(t, readOrNull(join(dir, name)), CONTENT, name)
})

t.test('files of which each failed because of the others are fetched one after the other', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const files = ['a', 'b', 'c', 'd'].map((name) => ({ url: `${server.url}/x`, destination: join(dir, name) }))
  const refused = new Map(files.map(({ destination }) => [basename(destination), 0]))
  const own = promises.open
  const undo = hookFunction('open', async (...args) => {
    const name = basename(String(args[0])).charAt(0)
    const count = refused.get(name)
    // Until each has been refused as often as one attempt tries.
    if (count !== undefined && [...refused.values()].some((each) => each < 50)) {
      refused.set(name, count + 1)
      throw systemError('EMFILE')
    }
    return await Reflect.apply(own, promises, args)
  })
  const end = await downloadAll(files, { ...QUICK, parallel: 4 }).finished.catch((error: unknown) => error)
  undo()
  t.match(end, { files: 4 })
})

function withoutNamespaces(): string | false {
  if (process.platform !== 'linux') return 'needs Linux'
  const range = 'ip link set lo up && echo "40000 40003" > /proc/sys/net/ipv4/ip_local_port_range'
  return spawnSync('unshare', ['-n', 'sh', '-c', range]).status === 0 ? false : 'needs root and ip(8)'
}

t.test('a download with few local ports uses few connections', { skip: withoutNamespaces() }, async (t) => {
  // The namespace has its own network, so the server runs in it, too.
  const script = `
    import { createServer } from 'node:http'
    import { spawn } from 'node:child_process'
    const content = Buffer.alloc(3_000_000, 'content ')
    const server = createServer((request, response) => {
      const [, from = 0, to] = /bytes=(\\d+)-(\\d*)/.exec(request.headers.range ?? '') ?? []
      const part = content.subarray(Number(from), to ? Number(to) + 1 : content.length)
      const range = 'bytes ' + from + '-' + (Number(from) + part.length - 1) + '/' + content.length
      response.writeHead(206, { etag: '"v1"', 'content-length': part.length, 'content-range': range })
      setTimeout(() => response.end(part), 100)
    })
    server.listen(80, '127.0.0.1', () => {
      const args = [...process.argv.slice(1), 'http://127.0.0.1/file.bin']
      spawn(process.execPath, args, { stdio: 'inherit' }).once('exit', (status) => process.exit(status))
    })`
  const setUp =
    'ip link set lo up && echo "40000 40003" > /proc/sys/net/ipv4/ip_local_port_range && exec "$0" "$@"'
  const options = ['-q', '-n', '16', '--segment-size', '100k', '--retry-delay', '0.05', '-o', 'file.bin']
  const args = ['--input-type=module', '-e', script, '--', CLI, ...options]
  const dir = t.testdir({})
  const run = spawnCommand('unshare', ['-n', 'sh', '-c', setUp, process.execPath, ...args], { cwd: dir })
  t.match(await run.ended, { status: 0, stderr: '' })
  sameBytes(t, readOrNull(join(dir, 'file.bin')), Buffer.alloc(3_000_000, 'content '))
})

t.test(
  'the error says that no descriptor is left for the first connection, and does not blame the server',
  async (t) => {
    const server = await startHostile((_, socket) => void socket.destroy())
    t.teardown(() => server.stop())
    const hooks = `data:text/javascript,${encodeURIComponent(`
    import net from 'node:net'
    net.Socket.prototype.connect = function () {
      const error = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' })
      process.nextTick(() => this.destroy(error))
      return this
    }`)}`
    const dir = t.testdir({})
    const env = { NODE_OPTIONS: `--import=${hooks}` }
    const run = rangeGet(['-q', '--retries', '1', '-o', 'file.bin', `${server.url}/x`], dir, env)
    const { status, stderr } = await run.ended
    t.equal(status, 15, stderr)
    t.match(
      stderr,
      /gave up after 2 attempts: this process has no file descriptor left \(EMFILE\)\. Nothing was received/,
    )
    t.match(stderr, /ulimit -n/)
    t.strictSame(names(dir), [])
  },
)
