import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { buildServer } from 'demo-server'
import t from 'tap'
import { sameBytes } from '../support/same-bytes.ts'
import { forkServer, listening, start } from './server-process.ts'

const DEMO = new URL('../', import.meta.resolve('demo-server'))
const FILES = new URL('files/', DEMO)

t.test('the curl command of the documents works', async (t) => {
  const app = await buildServer()
  t.teardown(() => app.close())
  const { mtime } = await stat(new URL('bd_logo.png', FILES))

  const answer = await app.inject({ url: '/bd_logo.png', headers: { range: 'bytes=0-3' } })
  t.equal(answer.statusCode, 206)
  t.match(answer.headers, {
    'accept-ranges': 'bytes',
    'content-length': '4',
    'content-range': 'bytes 0-3/7877',
    'content-type': 'image/png',
    'last-modified': mtime.toUTCString(),
    'cache-control': 'public, max-age=3600',
  })
  t.match(answer.headers.etag, /^"[^"]+"$/, 'the entity-tag is strong')
  t.equal(answer.rawPayload.toString('hex'), '89504e47', 'the first bytes of a PNG')
})

t.test('the demo files are served whole', async (t) => {
  const app = await buildServer()
  t.teardown(() => app.close())
  const cases = [
    { name: '2.txt', type: 'text/plain; charset=utf-8' },
    { name: 'content.txt', type: 'text/plain; charset=utf-8' },
    { name: 'bd_logo.png', type: 'image/png' },
  ]
  for (const { name, type } of cases) {
    const answer = await app.inject(`/${name}`)
    t.equal(answer.statusCode, 200, name)
    t.equal(answer.headers['content-type'], type, name)
    t.equal(answer.headers['accept-ranges'], 'bytes', name)
    sameBytes(t, answer.rawPayload, await readFile(new URL(name, FILES)), `${name}: every byte`)
  }
})

t.test('steps of 4 bytes split characters of 2.txt', async (t) => {
  const text = await readFile(new URL('2.txt', FILES))
  const cut = Array.from(text).filter((byte, at) => at % 4 === 0 && (byte & 0xc0) === 0x80)
  t.ok(cut.length > 5, `${cut.length} steps begin in the middle of a character`)
  t.ok(text.length <= 300, 'a walk of one step a second takes about a minute')
})

t.test('a missing file is a 404', async (t) => {
  const app = await buildServer()
  t.teardown(() => app.close())
  for (const url of ['/nothing.txt', '/..%2fpackage.json', '/%2e%2e/package.json', '/a%00b']) {
    const answer = await app.inject(url)
    t.ok([400, 403, 404].includes(answer.statusCode), `${url}: ${answer.statusCode}`)
    t.notMatch(answer.body, /demo-server\//, `${url} shows no path of the machine`)
  }
})

t.test('a real process serves, logs JSON, and ends with 0 after a signal', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const server = start(['--port', '0'])
    const url = await listening(server)
    t.match(url, /^http:\/\/127\.0\.0\.1:\d+$/, 'on this machine only')
    const answer = await fetch(`${url}/bd_logo.png`, { headers: { range: 'bytes=0-3' } })
    t.equal(answer.status, 206)
    t.equal((await answer.arrayBuffer()).byteLength, 4)
    server.child.kill(signal)
    t.same(await server.exited, { code: 0, signal: null }, signal)
    t.equal(server.output.stderr, '')
    const lines = server.output.stdout.trim().split('\n')
    t.equal(
      lines.filter((line) => JSON.parse(line).msg.startsWith('demo server at')).length,
      1,
      'one line says where',
    )
  }
})

t.test('the log has one line for each request', async (t) => {
  const server = start(['--port', '0'])
  const url = await listening(server)
  for (const range of ['bytes=0-3', 'bytes=90000-']) {
    await (await fetch(`${url}/2.txt`, { headers: { range } })).arrayBuffer()
  }
  await (await fetch(`${url}/nothing`)).arrayBuffer()
  server.child.kill()
  await server.exited
  const lines = server.output.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(lines.slice(1, -1), [
    { level: 30, msg: 'GET /2.txt bytes=0-3: 206 bytes 0-3/284', res: { statusCode: 206 } },
    { level: 30, msg: 'GET /2.txt bytes=90000-: 416 bytes */284' },
    { level: 30, msg: 'GET /nothing: 404' },
  ])
  t.equal(lines.length, 5)
})

t.test('--quiet prints nothing', async (t) => {
  const server = forkServer(['--port', '0', '--quiet'])
  await once(server.child, 'message')
  server.child.disconnect()
  t.same(await server.exited, { code: 0, signal: null })
  t.same(server.output, { stdout: '', stderr: '' })
})

t.test('closing finishes the current answer, and then closes every connection', async (t) => {
  const size = 32 * 1024 * 1024
  const files = `${t.testdir({ 'big.bin': Buffer.alloc(size, 'x') })}/`
  const app = await buildServer({ files })
  const { port } = new URL(await app.listen({ port: 0 }))
  // A connection without a request, as browsers open in advance.
  const idle = connect(Number(port), '127.0.0.1')
  await once(idle.resume(), 'connect')
  const idleClosed = once(idle, 'close')
  const slow = connect(Number(port), '127.0.0.1')
  slow.write('GET /big.bin HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(slow, 'readable')

  const stopping = once(app.stopping, 'abort')
  let isClosed = false
  const closed = app.close().then(() => {
    isClosed = true
  })
  await stopping
  t.notOk(isClosed, 'more than the sockets can hold is still to come')
  let received = 0
  for await (const chunk of slow) received += chunk.length
  t.ok(received > size, 'every byte arrived')
  await idleClosed
  await closed
})

t.test('closing waits only a limited time for a client that does not read', async (t) => {
  const files = `${t.testdir({ 'big.bin': Buffer.alloc(32 * 1024 * 1024, 'x') })}/`
  const app = await buildServer({ files, shutdownLimit: 100 })
  const { port } = new URL(await app.listen({ port: 0 }))
  const stuck = connect(Number(port), '127.0.0.1')
  stuck.write('GET /big.bin HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(stuck, 'readable')
  stuck.on('error', () => {})
  await app.close()
  stuck.resume()
  // Not events.once, which would reject on a reset. A reset is also a valid end.
  await new Promise((resolve) => stuck.once('close', resolve))
})

t.test('a port that is in use is an error', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo

  const alone = start(['--port', String(port)])
  t.equal((await alone.exited).code, 4)
  t.equal(alone.output.stdout, '')
  t.equal(alone.output.stderr, `demo-server: cannot listen on 127.0.0.1: port ${port} is in use\n`)

  const forked = forkServer(['--port', String(port)])
  t.equal((await forked.exited).code, 4)
  t.match(forked.messages, [{ type: 'failed', code: 'EADDRINUSE', message: /is in use/ }])
})

t.test('without --port the server uses 3000 or the next free port', async (t) => {
  const first = start([])
  const second = await listening(first).then(() => start([]))
  const url = await listening(second)
  t.ok(Number(new URL(url).port) > 3000)
  t.match(second.output.stdout, /\(port 3000 is in use\)/)
  first.child.kill()
  second.child.kill()
  await Promise.all([first.exited, second.exited])
})

t.test('wrong usage prints one line and ends with status 2', async (t) => {
  const cases = [
    { args: ['--bogus'], says: /--bogus/ },
    { args: ['file.txt'], says: /file\.txt/ },
    { args: ['--port', 'x'], says: /--port/ },
    { args: ['--port', '65536'], says: /--port/ },
    { args: ['--port'], says: /--port/ },
    { args: ['--host', ''], says: /--host/ },
    { args: ['--data='], says: /--data/ },
  ]
  for (const { args, says } of cases) {
    const server = start(args)
    t.equal((await server.exited).code, 2, args.join(' '))
    t.match(server.output.stderr, says)
    t.equal(server.output.stderr.split('\n').length, 2, 'one line')
  }
})

t.test('an address of another machine prints one line and ends with status 4', async (t) => {
  const server = start(['--host', '192.0.2.1', '--port', '0'])
  t.equal((await server.exited).code, 4)
  t.match(server.output.stderr, /^demo-server: cannot listen on 192\.0\.2\.1: .*\n$/)
})

t.test('--help prints the usage', async (t) => {
  const server = start(['--help'])
  t.equal((await server.exited).code, 0)
  t.match(server.output.stdout, /--port N/)
})

t.test('a forked server reports its URL, ignores Ctrl-C, and ends with its parent', async (t) => {
  const server = forkServer(['--port', '0'])
  const [message] = await once(server.child, 'message')
  t.match(message, { type: 'listening', url: /^http:\/\/127\.0\.0\.1:\d+$/ })
  server.child.kill('SIGINT')
  const answer = await fetch(new URL('/2.txt', message.url))
  t.equal(answer.status, 200, 'still there after SIGINT')
  await answer.arrayBuffer()
  server.child.disconnect()
  t.same(await server.exited, { code: 0, signal: null })
})
