// The connections that wait for a next request.
import { Socket } from 'node:net'
import t from 'tap'
import { Agents } from '#client/connect/agents.js'
import { Trust } from '#client/connect/trust.js'

/** Sockets that are not connected. */
const sockets = (count: number): Socket[] => Array.from({ length: count }, () => new Socket())

t.test('of very many hosts, the connections that have waited longest are closed', async (t) => {
  const agents = new Agents(new Trust({ caFile: null, certFile: null, keyFile: null }, {}))
  t.teardown(() => agents.close())
  for (const agent of [
    agents.plain(null),
    agents.plain(new URL('http://proxy.invalid')),
    agents.tls('origin', null),
  ]) {
    const idle = sockets(256)
    for (const [at, socket] of idle.entries())
      Object.assign(agent.freeSockets, { [`host${at}:80:`]: [socket] })
    const isDestroyed = (): number[] => idle.flatMap(({ destroyed }, at) => (destroyed ? [at] : []))
    for (const next of sockets(2)) t.equal(agent.keepSocketAlive(next), true, 'the next one is kept')
    t.strictSame(isDestroyed(), [0], 'one is closed, and then there is room')
  }
})
