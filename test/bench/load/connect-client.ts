import type { Client, ClientEvents, Target } from './client.ts'
import { Connection } from './connection.ts'
import { Http2Connection } from './http2-connection.ts'

/** Opens a connection of the target's transport. */
export function connectClient(target: Target, events: ClientEvents): Promise<Client> {
  if (target.transport === 'h2') return Http2Connection.connect(target, events)
  return Connection.connect(target, events)
}
