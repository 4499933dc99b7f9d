// The command as people and programs use it: arguments, keys, signals, exit statuses, output.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { rangeGet, spawnCommand } from '../support/command.ts'
import {
  answerHonestly,
  head,
  honest,
  makeContent,
  resource,
  startHostile,
} from '../support/hostile-server.ts'
import { names, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const CONTENT = makeContent(3_000_000)
const A = resource(CONTENT)

t.test('bad input gets one line and status 2', async (t) => {
  const url = 'http://127.0.0.1:1/file.bin'
  const rows: string[][] = [
    [],
    [''],
    [url, ' '],
    ['--nonsense', url],
    ['-n', '0', url],
    ['-n', 'x', url],
    ['-n', '65', url],
    ['--segment-size', '0', url],
    ['--segment-size', '4x', url],
    ['--segment-size=-4', url],
    ['--limit-rate', 'fast', url],
    ['--retries', '1.5', url],
    ['--stall-timeout', 'x', url],
    ['--stall-timeout', '0', url],
    ['--checksum', 'md5=00', url],
    ['--checksum', 'sha-256=zz', url],
    ['-H', 'no colon', url],
    ['-H', 'Range: bytes=0-1', url],
    ['-H', 'If-Match: "x"', url],
    ['-H', 'X: a\nb', url],
    ['--proxy', 'socks4://127.0.0.1:1', url],
    ['-o', 'a', url, url],
    ['-o', 'a', '-d', 'b', url],
    ['-o', '', url],
    ['ftp://127.0.0.1/x'],
    ['http://'],
    ['file:///etc/passwd'],
  ]
  for (const args of rows) {
    const dir = t.testdir({})
    const { status, stdout, stderr } = await rangeGet(['-q', ...args], dir).ended
    t.equal(status, 2, args.join(' '))
    t.match(stderr, /^range-get: [^\n]+\n$/, `${args.join(' ')}: one line`)
    t.equal(stdout, '')
    t.strictSame(names(dir), [], 'nothing is left behind')
  }
})

t.test('--help and --version print to standard output', async (t) => {
  const help = await rangeGet(['--help'], t.testdir({})).ended
  t.equal(help.status, 0)
  for (const flag of [
    '--output',
    '--dir',
    '--connections',
    '--segment-size',
    '--checksum',
    '--header',
    '--retries',
    '--stall-timeout',
    '--connect-timeout',
    '--max-redirects',
    '--limit-rate',
    '--no-resume',
    '--overwrite',
    '--proxy',
    '--delay',
    '--quiet',
    '--json',
    '--help',
    '--version',
  ]) {
    t.match(help.stdout, flag)
  }
  for (const status of [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 130])
    t.match(help.stdout, new RegExp(`^ +${status} `, 'm'))
  const version = await rangeGet(['--version'], t.testdir({})).ended
  t.match(version.stdout, /^range-get \d+\.\d+\.\d+\n$/)
})

t.test('progress is plain lines without a terminal', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const { status, stdout, stderr } = await rangeGet([`${server.url}/file.bin`], dir).ended
  t.equal(status, 0)
  t.equal(stdout, '')
  t.notOk(stderr.includes('\r') || stderr.includes('\u001b'), 'no control characters')
  t.match(stderr, /^file\.bin: 2\.9 MiB in [\d.]+ s \([\d.]+ [KM]iB\/s\); length checked\n$/m)
  t.notMatch(stderr, /verified/, 'no digest does not read as verified')
})

t.test('--json prints one object per line', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const { status, stdout, stderr } = await rangeGet(
    ['--json', '-o', 'out', `${server.url}/file.bin?secret=1`],
    dir,
  ).ended
  t.equal(status, 0)
  t.equal(stderr, '')
  const events: { event: string; received?: number; total?: number }[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(events.at(-1), {
    event: 'result',
    path: join(dir, 'out'),
    size: CONTENT.length,
    integrity: 'length',
    resumed: 0,
    duration: Number,
    speed: Number,
  })
  t.ok(events.some(({ event, total }) => event === 'progress' && total === CONTENT.length))
  t.notMatch(stdout, /secret/)
  const failed = await rangeGet(['--json', '--retries', '0', '-o', 'x', 'http://127.0.0.1:1/file.bin'], dir)
    .ended
  const last: unknown = JSON.parse(failed.stdout.trim().split('\n').at(-1) ?? '')
  t.match(last, { event: 'error', code: 'ERR_DOWNLOAD_NETWORK', status: 3 })
})

t.test('-q prints errors only, and several URLs continue after a failure', async (t) => {
  const server = await startHostile((request, socket) => {
    if (request.path !== '/nothing') return answerHonestly(A, request, socket)
    socket.write(head('404 Not Found', { 'content-length': 0 }))
  })
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const urls = ['/1.bin', '/nothing', '/2.bin'].map((path) => server.url + path)
  const { status, stdout, stderr } = await rangeGet(['-q', ...urls], dir).ended
  t.equal(status, 4)
  t.equal(stdout, '')
  t.match(stderr, /^range-get: http:[^\n]+\/nothing: the server answered 404 Not Found\n$/)
  t.strictSame(names(dir), ['1.bin', '2.bin'])
})

t.test('-H sends fields, and --segment-size accepts units', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const args = [
    '-q',
    '-n',
    '1',
    '-H',
    'X-One: 1',
    '-H',
    'User-Agent: me',
    '--segment-size',
    '1M',
    `${server.url}/f.bin`,
  ]
  t.equal((await rangeGet(args, t.testdir({})).ended).status, 0)
  t.equal(server.requests[0]?.headers.get('x-one'), '1')
  t.equal(server.requests[0]?.headers.get('user-agent'), 'me')
  t.strictSame(server.requests[0]?.range, { start: 0, end: 1024 * 1024 - 1 })
})

t.test('--no-resume starts from 0, and --resume-key resumes under another URL', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const args = ['-q', '-n', '1', '-o', 'file.bin', '--resume-key', 'the file']
  const run = rangeGet([...args, `${server.url}/signed?1`], dir)
  await server.hasServed(1_000_000)
  run.child.kill('SIGKILL')
  await run.ended
  const before = server.requests.length
  const again = rangeGet([...args, `${server.url}/signed?2`], dir)
  await server.hasServed(server.served + 500_000)
  again.child.kill('SIGKILL')
  await again.ended
  t.ok((server.requests[before]?.range?.start ?? 0) > 0, 'resumed from a renewed link')
  const fresh = server.requests.length
  t.equal((await rangeGet([...args, '--no-resume', `${server.url}/signed?2`], dir).ended).status, 0)
  t.equal(server.requests[fresh]?.range?.start, 0)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})

t.test('p pauses on a terminal, and any other key resumes', { skip: script() }, async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const line = `${process.execPath} ${CLI} -n 2 -o file.bin ${server.url}/file.bin`
  const run = spawnCommand('script', ['-qec', line, '/dev/null'], { cwd: dir })
  await server.hasServed(500_000)
  run.child.stdin?.write('p')
  await new Promise<void>((resolve) => {
    run.child.stdout?.on('data', (text: string) => {
      if (text.includes('paused')) resolve()
    })
  })
  await new Promise((resolve) => setTimeout(resolve, 200))
  const paused = server.served
  await new Promise((resolve) => setTimeout(resolve, 300))
  t.equal(server.served, paused, 'nothing is sent while it is paused')
  run.child.stdin?.write(' ')
  t.equal((await run.ended).status, 0)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})

t.test('Ctrl-C stops, and the next run resumes', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const args = ['-n', '2', '-o', 'file.bin', `${server.url}/file.bin`]
  const run = rangeGet(args, dir)
  await server.hasServed(1_000_000)
  run.child.kill('SIGINT')
  const { status, stderr } = await run.ended
  t.equal(status, 130)
  t.match(stderr, /stopped; what was received can be resumed/)
  t.notOk(existsSync(join(dir, 'file.bin')))
  t.strictSame(names(dir), ['file.bin.part', 'file.bin.part.json'])
  const before = server.served
  t.equal((await rangeGet(args, dir).ended).status, 0)
  t.ok(server.served - before < CONTENT.length, 'from what was there')
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})

/** Of signals that wait the system makes one, or hands over the lowest number first. */
async function isHandedOver(pid: number | undefined): Promise<void> {
  const waits = (): boolean =>
    /^(?:SigPnd|ShdPnd):\s*0*[1-9a-f]/m.test(readOrNull(`/proc/${pid}/status`)?.toString() ?? '')
  await new Promise((resolve) => setTimeout(resolve, 3))
  while (waits()) await new Promise((resolve) => setTimeout(resolve, 1))
}

t.test('two signals of one stop are one stop', async (t) => {
  for (const [first, second, status] of [
    ['SIGINT', 'SIGINT', 130],
    ['SIGTERM', 'SIGHUP', 143],
    ['SIGHUP', 'SIGHUP', 129],
  ] as const) {
    const server = await startSlow(A)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const run = rangeGet(['--json', '-n', '2', '-o', 'file.bin', `${server.url}/file.bin`], dir)
    await server.hasServed(1_000_000)
    run.child.kill(first)
    await isHandedOver(run.child.pid)
    run.child.kill(second)
    const end = await run.ended
    t.equal(end.status, status)
    t.match(end.stderr, /stopped; what was received can be resumed/)
    t.match(JSON.parse(end.stdout.trim().split('\n').at(-1) ?? ''), { event: 'error', status })
    t.strictSame(names(dir), ['file.bin.part', 'file.bin.part.json'], 'no lock is left')
  }
})

t.test('--json has the status of the process', async (t) => {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const server = await startSlow(A)
    t.teardown(() => server.stop())
    const run = rangeGet(['--json', '-o', 'file.bin', `${server.url}/file.bin`], t.testdir({}))
    await server.hasServed(100_000)
    run.child.kill(signal)
    const end = await run.ended
    t.equal(end.status, status)
    t.match(JSON.parse(end.stdout.trim().split('\n').at(-1) ?? ''), { event: 'error', status })
  }
})

t.test('a terminal shows a bar', { skip: script() }, async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  // Slow enough for the line to be drawn several times.
  const line = `stty cols 120; ${process.execPath} ${CLI} --limit-rate 1M -o file.bin ${server.url}/file.bin`
  const env = { TERM: 'xterm', NO_COLOR: '1', LC_ALL: 'C.UTF-8' }
  const { status, stdout } = await spawnCommand('script', ['-qec', line, '/dev/null'], { cwd: dir, env })
    .ended
  t.equal(status, 0)
  t.match(stdout, /file\.bin [█░]{20} \d+% [\d.]+ \/ 2\.9 MiB, [\d.]+ [KM]iB\/s, \d+ s left, \d connection/)
})

t.test('https needs a trusted certificate', { skip: withoutOpenssl() }, async (t) => {
  const { createServer } = await import('node:https')
  const dir = t.testdir({})
  const { key, cert, path } = makeCertificate(dir)
  const server = createServer({ key, cert }, (_, response) => {
    response.writeHead(200, { etag: '"v1"', 'content-length': CONTENT.length }).end(CONTENT)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const args = ['-q', '-o', 'file.bin', `https://localhost:${port}/file.bin`]
  const untrusted = await rangeGet(args, dir).ended
  t.equal(untrusted.status, 12, untrusted.stderr)
  const env = { NODE_EXTRA_CA_CERTS: path }
  t.equal((await rangeGet(args, dir, env).ended).status, 0)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)

  const { createServer: createProxy } = await import('node:http')
  const { connect } = await import('node:net')
  const tunnels: string[] = []
  const proxy = createProxy().on('connect', (request, socket) => {
    tunnels.push(request.url ?? '')
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    for (const end of [upstream, socket]) end.on('error', () => end.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => proxy.close())
  const proxyAddress = proxy.address()
  const proxyPort = typeof proxyAddress === 'object' && proxyAddress !== null ? proxyAddress.port : 0
  const through = { ...env, https_proxy: `http://127.0.0.1:${proxyPort}` }
  const outcome = await rangeGet(['--overwrite', ...args], dir, through).ended
  t.equal(outcome.status, 0, outcome.stderr)
  t.strictSame(tunnels.slice(0, 1), [`localhost:${port}`], 'through a tunnel')
  t.equal(
    (await rangeGet(['--overwrite', ...args], dir, { ...through, no_proxy: 'localhost' }).ended).status,
    0,
  )
  t.equal(tunnels.length, 1, 'no_proxy goes around it')
})

function script(): string | false {
  try {
    const isUtilLinux = execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux')
    return isUtilLinux ? false : 'script(1) is not the one of util-linux'
  } catch {
    return 'no script(1) here'
  }
}
