import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { freshChunk } from '#plugin/body/chunk-memory.js'
import { PieceReader } from '#plugin/body/piece-reader.js'
import { Pump } from '#plugin/body/pump.js'
import { turnToWrite } from '#plugin/body/write-turns.js'
import { BULK_BYTES_PER_TURN } from '#plugin/memory-bounds.js'
import { layOutRange, Multipart } from '#plugin/rules/multipart.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { RawClient } from '../support/raw-client.ts'

const CONTENT = numberedLines(24 * 1024 * 1024)
const PART_BYTES = 1_000_000
const RANGES = Array.from({ length: 20 }, (_, part) => ({
  first: part * 1_200_000,
  last: part * 1_200_000 + PART_BYTES - 1,
}))
const SIGNAL = new AbortController().signal
/** All of it has been read. */
const SPENT = { size: CONTENT.length, readAt: async () => 0, close() {} }

interface Run {
  readonly port: number
  readonly runs: Promise<'ended' | 'failed'>[]
  readonly pumps: Pump[]
  readonly layout: Multipart
  bytesWritten: number
  bytesRead: number
}

async function pumpTo(t: Test, fail?: { readonly after: number }): Promise<Run> {
  const layout = new Multipart(RANGES, { size: CONTENT.length, partType: 'text/plain' })
  const run: Run = { port: 0, runs: [], pumps: [], layout, bytesWritten: 0, bytesRead: 0 }
  const representation = {
    size: CONTENT.length,
    async readAt(target: Uint8Array, position: number) {
      if (fail !== undefined && position > fail.after) throw new Error('the disk is gone')
      run.bytesRead += target.length
      return CONTENT.copy(target, 0, position)
    },
    close() {},
  }
  const answer = (response: ServerResponse): void => {
    response.writeHead(206, { 'content-length': layout.length })
    const pump = new Pump({
      reader: new PieceReader(representation, layout, SIGNAL),
      response,
      onWritten: (byteCount) => {
        run.bytesWritten += byteCount
      },
      onForeign() {},
    })
    run.pumps.push(pump)
    run.runs.push(
      pump.run().then(
        () => 'ended' as const,
        () => 'failed' as const,
      ),
    )
  }
  const server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return Object.assign(run, { port: (server.address() as AddressInfo).port })
}

async function ask(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port)
  client.request('GET', '/')
  return client
}

/** The whole body, as the layout says. */
function expected(layout: Multipart): Buffer {
  const pieces = Array.from({ length: layout.pieceCount }, (_, index) => layout.piece(index))
  return Buffer.concat(
    pieces.map((piece) =>
      piece.kind === 'literal' ? piece.bytes : CONTENT.subarray(piece.range.first, piece.range.last + 1),
    ),
  )
}

/** Waits until the client's silence holds the answer up, and for the time after which memory is taken back. */
async function stall(run: Run): Promise<void> {
  for (let last = -1; run.bytesWritten === 0 || run.bytesWritten !== last; ) {
    last = run.bytesWritten
    await sleep(600)
  }
}

t.test('a client that stops reading for long gets every byte, some of them read again', async (t) => {
  let bytesReadAgain = 0
  // A client that happens to stop where the memory has been copied to its end needs no byte again.
  for (let clients = 0; bytesReadAgain === 0 && clients < 20; clients++) {
    const run = await pumpTo(t)
    const client = await ask(run.port)
    t.equal((await client.readHead()).status, 206)
    // Each client stops at another place.
    const begun = await client.readBytes(clients * 300_007)
    await stall(run)
    t.ok(run.bytesWritten < run.layout.length, 'the client holds the answer up')
    const rest = await client.readBytes(run.layout.length - begun.length)
    sameBytes(t, Buffer.concat([begun, rest]), expected(run.layout))
    client.destroy()
    t.equal(await run.runs[0], 'ended')
    t.equal(run.bytesWritten, run.layout.length)
    bytesReadAgain = run.bytesRead - RANGES.length * PART_BYTES
  }
  t.ok(bytesReadAgain > 0, 'its memory was taken back')
})

t.test('a client that leaves ends the run', async (t) => {
  const run = await pumpTo(t)
  const client = await ask(run.port)
  while (run.bytesWritten === 0) await sleep(10)
  client.destroy()
  run.pumps[0]?.stop()
  t.equal(await run.runs[0], 'ended')
  t.ok(run.bytesWritten < run.layout.length)
})

t.test('a failed read ends the run with an error', async (t) => {
  const run = await pumpTo(t, { after: 2_000_000 })
  const client = await ask(run.port)
  while (run.runs.length === 0) await sleep(10)
  t.equal(await run.runs[0], 'failed')
  client.destroy()
})

t.test('the first bytes go out at once, whatever waits for its turn', async (t) => {
  const length = 300_000
  const server = createServer((_request, response) => {
    response.setHeader('content-length', length)
    for (let body = 0; body < 3; body++) void turnToWrite(BULK_BYTES_PER_TURN)
    const reader = new PieceReader(SPENT, layOutRange({ first: 0, last: length - 1 }), SIGNAL)
    reader.forward(length)
    const first = { chunk: freshChunk(length), count: length, isPooled: false }
    const pump = new Pump({ reader, first, response, onWritten() {}, onForeign() {} })
    void pump.run()
    t.equal(response.headersSent, true)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const client = await ask((server.address() as AddressInfo).port)
  t.equal((await client.readBytes(length)).length, length)
  client.destroy()
})
