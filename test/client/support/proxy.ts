import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A request that came to the proxy. */
export interface ProxyRequest {
  /** Its place among all requests to this proxy, from 0. */
  index: number
  method: string
  /** `host:port` of a CONNECT; a URL otherwise. */
  target: string
  /** By lower-case name. */
  headers: ReadonlyMap<string, string>
}

/** Answers a request as it likes. {@link tunnel} opens what was asked for. */
export type ProxyScript = (request: ProxyRequest, socket: Socket) => unknown

/** A proxy that does what its script says. */
export interface ScriptedProxy {
  /** Its URL. */
  url: string
  requests: ProxyRequest[]
  /** Connections that are open now. */
  open: ReadonlySet<Socket>
  stop(): Promise<void>
}

/** Starts a proxy on a free port of 127.0.0.1, behind `listen` if its connections are to be wrapped. */
export async function startProxy(
  script: ProxyScript,
  listen: (onConnection: (socket: Socket) => void) => ReturnType<typeof createServer> = createServer,
): Promise<ScriptedProxy> {
  const open = new Set<Socket>()
  const requests: ProxyRequest[] = []
  const server = listen((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    let text = ''
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      socket.off('data', read)
      const [line = '', ...fields] = (text.split('\r\n\r\n')[0] ?? '').split('\r\n')
      const [method = '', target = ''] = line.split(' ')
      const headers = new Map(
        fields.map((field): [string, string] => {
          const colon = field.indexOf(':')
          return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
        }),
      )
      const request = { index: requests.length, method, target, headers }
      requests.push(request)
      void script(request, socket)
    }
    socket.on('data', read)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    open,
    stop: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Connects to what was asked for, writes `head`, then passes everything on. */
export function tunnel({ target }: ProxyRequest, socket: Socket, head: string): void {
  const upstream = connect(Number(target.split(':').at(-1)), '127.0.0.1', () => {
    socket.write(head)
    upstream.pipe(socket).pipe(upstream)
  })
  for (const [end, other] of [
    [upstream, socket],
    [socket, upstream],
  ] as const) {
    end.on('error', () => undefined)
    end.on('close', () => other.destroy())
  }
}
