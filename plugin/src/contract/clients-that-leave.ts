import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import type { RangeSource } from '../sources/source.ts'
import { type Transport, withServer } from './contract-server.ts'
import type { ContractSubject } from './contract-subject.ts'

const CLIENTS = 20
/** What a client has read when it leaves. */
const READ_BYTES = [0, 1, 100_000]

/** One client: what it asks for, and when it leaves. */
interface Leaving {
  readonly port: number
  readonly range: string | undefined
  readonly afterBytes: number
}

const LEAVE: Readonly<Record<Transport, (leaving: Leaving) => Promise<void>>> = {
  'HTTP/1': leaveHttp1,
  'HTTP/2': leaveHttp2,
}

/** Clients ask for everything or several ranges, and leave without reading all of the answer. */
export async function leavingClientsLeaveNothingOpen(
  source: RangeSource,
  subject: ContractSubject,
): Promise<void> {
  const size = subject.content.length
  const several = `bytes=0-${Math.floor(size / 4)}, ${Math.floor(size / 3)}-`
  for (const transport of ['HTTP/1', 'HTTP/2'] as const) {
    await withServer({ source, subject, transport }, async ({ listen }) => {
      const port = await listen()
      for (let turn = 0; turn < CLIENTS; turn++) {
        const range = turn % 2 === 0 ? undefined : several
        const afterBytes = READ_BYTES[turn % READ_BYTES.length] ?? 0
        // The log says why an answer was cut.
        await LEAVE[transport]({ port, range, afterBytes }).catch(() => {})
      }
    })
  }
}

async function leaveHttp1({ port, range, afterBytes }: Leaving): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  const fields = range === undefined ? '' : `Range: ${range}\r\n`
  socket.write(`GET /f HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${fields}\r\n`)
  let seen = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    seen += chunk.length
    // Leaving the loop destroys the socket.
    if (seen >= afterBytes) return
  }
}

async function leaveHttp2({ port, range, afterBytes }: Leaving): Promise<void> {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  try {
    const stream = session.request({ ':path': '/f', ...(range !== undefined && { range }) })
    let seen = 0
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      seen += chunk.length
      if (seen >= afterBytes) return
    }
  } finally {
    session.destroy()
  }
}
