// The first bytes of an answer come in pieces: byte by byte, in many segments, or before a connection breaks off.
import { readdirSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { DownloadError } from 'range-get'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { answerHonestly, head, honest, makeContent, resource } from '../support/hostile-server.ts'
import { readOrNull } from '../support/run.ts'
import { FILE, fetchTo, isRefused, PAGE, serve } from '../support/stand-ins.ts'

/** Ways to send a body whose length is not announced, or that comes in pieces. */
const ways: Record<string, (body: string, socket: Socket) => Promise<void> | void> = {
  'byte by byte': async (body, socket) => {
    socket.write(head('200 OK', { 'content-length': body.length }))
    for (const byte of body) {
      socket.write(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
  },
  'in chunks of one byte': async (body, socket) => {
    socket.write(head('200 OK', { 'transfer-encoding': 'chunked' }))
    for (const byte of body) {
      socket.write(`1\r\n${byte}\r\n`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    socket.write('0\r\n\r\n')
  },
  'after its head': async (body, socket) => {
    socket.write(head('200 OK', { 'content-length': body.length }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.write(body)
  },
  'until the connection ends': (body, socket) => {
    socket.end(`${head('200 OK', { connection: 'close' })}${body}`)
  },
  'until the connection ends, after its head': async (body, socket) => {
    socket.write(head('200 OK', { connection: 'close' }))
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.end(body)
  },
}

for (const [way, write] of Object.entries(ways)) {
  t.test(`a page is refused and a file is accepted if the body comes ${way}`, async (t) => {
    let body = PAGE
    const server = await serve(t, (_, socket) => write(body, socket))
    const directory = t.testdir({})
    isRefused(t, await fetchTo(server, { path: '/m.zip', directory }))
    t.strictSame(readdirSync(directory), [])
    for (body of ['', '<', ' \n<htm', '<svg>', 'PK and more', `<${'x'.repeat(3000)}`]) {
      const end = await fetchTo(server, { path: '/m.zip', directory }, { existing: 'replace' })
      t.notOk(end instanceof Error, `${JSON.stringify(body.slice(0, 9))}: ${end}`)
      t.equal(readFileSync(join(directory, 'm.zip'), 'latin1'), body)
    }
  })
}

t.test('a page in small segments is refused, and leaves no file', async (t) => {
  for (const segmentSize of [1, 4, 14]) {
    for (const connections of [1, 4]) {
      const server = await serve(t, honest(resource(Buffer.from(`\r\n${PAGE}`))))
      const directory = t.testdir({})
      const end = await fetchTo(server, { path: '/m.zip', directory }, { segmentSize, connections })
      isRefused(t, end)
      t.strictSame(readdirSync(directory), [], `${segmentSize} bytes, ${connections} connections`)
    }
  }
})

t.test('a file in small segments is accepted', async (t) => {
  for (const body of ['<htm', '<html', '<svg width="1">', '\n\n\n\n\n\n<x', 'PK\x03\x04 and more']) {
    for (const segmentSize of [1, 4]) {
      const server = await serve(t, honest(resource(Buffer.from(body))))
      const directory = t.testdir({})
      const end = await fetchTo(server, { path: '/m.zip', directory }, { segmentSize })
      t.notOk(end instanceof Error, String(end))
      t.equal(readFileSync(join(directory, 'm.zip'), 'latin1'), body)
    }
  }
})

t.test('the bytes of an earlier run are not checked for a page', async (t) => {
  // The second half begins like a page.
  const content = Buffer.concat([FILE.content.subarray(0, 150_000), Buffer.from(PAGE.repeat(4000))])
  const file = resource(content)
  const server = await serve(t, honest(file))
  const directory = t.testdir({})
  const end = await fetchTo(server, { path: '/m.zip', directory }, { segmentSize: 150_000 })
  t.notOk(end instanceof Error, String(end))
  sameBytes(t, readOrNull(join(directory, 'm.zip')), content)
})

t.test('a connection that breaks off or is silent before the first bytes is tried again', async (t) => {
  for (const first of ['', '<', ' <htm']) {
    for (const end of ['reset', 'silence'] as const) {
      const server = await serve(t, (request, socket) => {
        if (request.index > 0) return answerHonestly(FILE, request, socket)
        socket.write(`${head('200 OK', { 'content-length': 999 })}${first}`)
        if (end === 'reset') setTimeout(() => socket.destroy(), 20)
      })
      const directory = t.testdir({})
      const result = await fetchTo(server, { path: '/m.zip', directory })
      t.notOk(result instanceof Error, `${first} ${end}: ${result}`)
      sameBytes(t, readOrNull(join(directory, 'm.zip')), FILE.content)
    }
  }
})

t.test('a stop before the first bytes have come ends the download at once', async (t) => {
  const stop = new AbortController()
  const server = await serve(t, (_, socket) => {
    socket.write(`${head('200 OK', { 'content-length': 999 })}<`)
    setTimeout(() => stop.abort(), 50)
  })
  const directory = t.testdir({})
  const options = { stallTimeout: 600_000, signal: stop.signal }
  const end = await fetchTo(server, { path: '/m.zip', directory }, options)
  t.ok(end instanceof DownloadError && end.code === 'ERR_DOWNLOAD_ABORTED')
  t.strictSame(readdirSync(directory), [])
})

t.test('a long body still bypasses the parser after its first bytes have been checked', async (t) => {
  const content = Buffer.concat([Buffer.from(' \n<x>'), makeContent(20_000_000)])
  const file = resource(content)
  for (const connections of [1, 4]) {
    const server = await serve(t, honest(file))
    const directory = t.testdir({})
    const end = await fetchTo(server, { path: '/m.zip', directory }, { connections })
    t.notOk(end instanceof Error, String(end))
    sameBytes(t, readOrNull(join(directory, 'm.zip')), content)
  }
})
