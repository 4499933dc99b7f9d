import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** A proxy of limited speed in front of a server. */
export interface CappedProxy {
  readonly port: number
  stop(): void
}

/** The limits of the proxy. */
export interface Cap {
  /** On each connection, towards the client. */
  readonly bytesPerSecond: number
  /** The delay of each piece in both directions, in ms. */
  readonly delay: number
}

/** A stream that passes bytes on no faster than the cap, and after the delay. */
function slowdown({ bytesPerSecond, delay }: Cap): Transform {
  let paidUntil = 0
  let lastPassed = Number.NEGATIVE_INFINITY
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const now = performance.now()
      paidUntil = Math.max(paidUntil, now) + (chunk.length / bytesPerSecond) * 1000
      // Only the first piece after a pause waits for the whole delay. The next ones are already on their way.
      const isFirst = now - lastPassed > delay
      void sleep(Math.max(isFirst ? delay : 0, paidUntil - now)).then(() => {
        lastPassed = performance.now()
        done(null, chunk)
      })
    },
  })
}

/** Starts a proxy on a free port of 127.0.0.1 that leads to `target`. */
export async function startCappedProxy(target: number, cap: Cap): Promise<CappedProxy> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    return socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
  }
  // No Nagle's algorithm, like servers. With it the last piece may wait 40 ms for an acknowledgement.
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = keep(connect({ port: target, host: '127.0.0.1', noDelay: true }))
    keep(client)
      .pipe(slowdown({ ...cap, bytesPerSecond: Number.POSITIVE_INFINITY }))
      .pipe(upstream)
    upstream.pipe(slowdown(cap)).pipe(client)
    client.once('close', () => upstream.destroy())
    upstream.once('close', () => client.end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
