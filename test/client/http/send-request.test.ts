// A 408 may be older than the request that it seems to answer. What comes behind it answers that request, and not the next one.
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { rangeGet } from '../support/command.ts'

/** Answers each path with its own text, and one request of a connection that was kept with a 408 first. */
async function startLate(t: Test): Promise<{ url: string; connections: number }> {
  const sockets = new Set<Socket>()
  let isLate = false
  const server = createServer({ noDelay: true }, (socket) => {
    started.connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    /** Answers that are kept back. */
    const waiting: string[] = []
    let requests = 0
    socket.on('data', (bytes) => {
      const [, path = ''] = /^GET (\S+)/.exec(bytes.toString('latin1')) ?? []
      waiting.push(answerWith(`this is ${path}`))
      requests++
      if (requests === 2 && !isLate) {
        isLate = true
        socket.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n')
      } else socket.write(waiting.shift() ?? '')
    })
  })
  const started = { url: '', connections: 0 }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  started.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return started
}

function answerWith(text: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}

t.test('nothing is asked for over a connection that a 408 came over', async (t) => {
  const server = await startLate(t)
  const dir = t.testdir({})
  const files = ['a.bin', 'b.bin', 'c.bin', 'd.bin']
  const urls = files.map((name) => `${server.url}/${name}`)
  const options = ['-q', '--parallel', '1', '-n', '1', '--retry-delay', '10ms']
  const ended = await rangeGet([...options, ...urls], dir).ended
  t.equal(ended.status, 0, ended.stderr)
  for (const name of files) t.equal(readFileSync(join(dir, name), 'latin1'), `this is /${name}`)
  t.equal(server.connections, 2)
})
