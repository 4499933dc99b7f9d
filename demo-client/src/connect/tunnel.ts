// A connection to a server through a proxy, with CONNECT or SOCKS.
import type { Socket } from 'node:net'
import { isError } from '../is-error.ts'
import { retryAfter } from '../rules/backoff.ts'
import { basicCredentials } from '../rules/basic-credentials.ts'
import { fieldLines, list } from '../rules/field-lines.ts'
import { isSocks } from '../rules/proxy.ts'
import { ProxyError } from '../rules/proxy-error.ts'
import { finalHead, type TunnelHead } from '../rules/tunnel-head.ts'
import { connectToHost } from './happy-eyeballs.ts'
import { openSocks } from './socks.ts'
import type { Trust } from './trust.ts'

/** The server at the end of a tunnel. */
export interface TunnelOptions {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
  /** Ends the attempt. */
  readonly signal: AbortSignal
  /** For a proxy over TLS. */
  readonly trust: Trust
}

/** The longest head of a proxy's answer to CONNECT. */
const MAX_HEAD_BYTES = 16 * 1024

/**
 * Opens a tunnel through `proxy`.
 * @throws ProxyError if the proxy opens no tunnel
 */
export async function openTunnel(proxy: URL, { host, port, signal, trust }: TunnelOptions): Promise<Socket> {
  if (isSocks(proxy)) return await openSocks(proxy, { host, port, signal })
  let socket: Socket | null = null
  try {
    socket = await connectToProxy(proxy, { signal, trust })
    const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
    const authorization = proxyAuthorization(proxy)
    const fields = Object.entries({ host: authority, 'user-agent': 'range-get', ...authorization })
    socket.write(
      `CONNECT ${authority} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    )
    const head = await readHead(socket, signal)
    // RFC 9110 §9.3.6: "Any 2xx (Successful) response indicates that the sender (and all inbound proxies) will switch
    // to tunnel mode immediately after the response header section […] Any response other than a successful
    // response indicates that the tunnel has not yet been formed."
    if (head.status >= 200 && head.status < 300) return socket
    const answerFields = fieldLines(head.rawFields)
    throw new ProxyError(proxy, {
      status: head.status,
      challenge: list(answerFields, 'proxy-authenticate'),
      wait: retryAfter(answerFields),
    })
  } catch (error) {
    socket?.destroy()
    throw isError(error) && !(error instanceof ProxyError) ? new ProxyError(proxy, error) : error
  }
}

/** The Proxy-Authorization field for the user and password in the URL of a proxy. */
export function proxyAuthorization(proxy: URL): Readonly<Record<string, string>> {
  const isGiven = proxy.username !== '' || proxy.password !== ''
  return isGiven ? { 'proxy-authorization': basicCredentials(proxy) } : {}
}

/** Connects to the proxy, over TLS if its URL is https. */
async function connectToProxy(
  proxy: URL,
  { signal, trust }: Pick<TunnelOptions, 'signal' | 'trust'>,
): Promise<Socket> {
  const host = proxy.hostname.replace(/^\[|\]$/g, '')
  const isTls = proxy.protocol === 'https:'
  const socket = await connectToHost({ host, port: Number(proxy.port || (isTls ? 443 : 80)), signal })
  if (!isTls) return socket
  const { connect } = process.getBuiltinModule('node:tls')
  const tls = connect({ socket, host, ALPNProtocols: ['http/1.1'], ...trust.options('other') })
  return new Promise((resolve, reject) => {
    const abort = (): void => void tls.destroy(signal.reason)
    signal.addEventListener('abort', abort)
    tls.on('error', reject)
    tls.once('close', () => signal.removeEventListener('abort', abort))
    tls.once('secureConnect', () => {
      signal.removeEventListener('abort', abort)
      resolve(tls)
    })
  })
}

/** Reads the head of the final answer. The bytes after it stay in the socket. */
function readHead(socket: Socket, signal: AbortSignal): Promise<TunnelHead> {
  return new Promise((resolve, reject) => {
    let text = ''
    const listeners = {
      readable: (): void => {
        for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
          text += chunk.toString('latin1')
        }
        const head = finalHead(text)
        if (head !== null) finish(head)
        else if (text.length > MAX_HEAD_BYTES) finish(new Error('the head of its answer has no end'))
      },
      end: (): void => finish(new Error('it closed the connection without an answer')),
      error: (error: Error): void => finish(error),
      close: (): void => finish(new Error('the connection broke off')),
    }
    const abort = (): void => finish(signal.reason)
    const finish = (outcome: TunnelHead | Error): void => {
      signal.removeEventListener('abort', abort)
      for (const [event, listener] of Object.entries(listeners)) socket.off(event, listener)
      if (isError(outcome)) {
        reject(outcome)
        return
      }
      const afterHead = text.slice(outcome.end)
      if (afterHead !== '') socket.unshift(Buffer.from(afterHead, 'latin1'))
      resolve(outcome)
    }
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener)
    signal.addEventListener('abort', abort)
  })
}
