import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'

/** A server that takes no connection: who asks for one waits, as at an address that nothing answers from. */
export interface StoppedServer {
  /** Lets it take connections and pass them to another address and port. */
  goOn(): void
}

const SERVER = `
const { connect, createServer } = require('node:net')
const [host, port, toHost, toPort] = process.argv.slice(1)
createServer((socket) => {
  const upstream = connect(Number(toPort), toHost)
  socket.pipe(upstream).pipe(socket)
  for (const end of [socket, upstream]) end.on('error', () => undefined)
}).listen({ host, port: Number(port), backlog: 1 }, () => console.log('listening'))
`

/** Starts one on `host` and `port`, gone with the test; later it passes connections on to `to`. */
export async function startStopped(
  t: Test,
  at: { host: string; port: number },
  to: { host: string; port: number },
): Promise<StoppedServer> {
  const args = ['-e', SERVER, at.host, String(at.port), to.host, String(to.port)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const isListening = once(child.stdout, 'data').then(() => true)
  if (!(await Promise.race([isListening, exited.then(() => false)])))
    throw new Error(`cannot listen on ${at.host}`)
  child.kill('SIGSTOP')
  const fillers: Socket[] = []
  t.teardown(() => {
    for (const socket of fillers) socket.destroy()
  })
  // The system takes connections for it until its queue is full.
  for (let isFull = false; !isFull && fillers.length < 100; ) {
    const socket = connect(at.port, at.host).on('error', () => undefined)
    fillers.push(socket)
    isFull = await Promise.race([once(socket, 'connect').then(() => false), sleep(300).then(() => true)])
  }
  return {
    goOn: () => {
      for (const socket of fillers) socket.destroy()
      child.kill('SIGCONT')
    },
  }
}
