import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { withEachStore } from '../../support/stores/shared-store.ts'
import { RawClient } from '../support/raw-client.ts'
import { distinctBytes, serveStore } from './support/served-store.ts'

const CONTENT = distinctBytes(4 * 1024 * 1024)

/** Swift needs ten times the processor time of Ceph for each. */
const ABORTS = { ceph: 1000, swift: 100 }
const AT_ONCE = 20

/** Leaves at once, after the head, or in the middle of the body. */
async function leave(port: number, turn: number): Promise<void> {
  const client = await RawClient.connect(port)
  client.request('GET', '/f.bin', turn % 2 === 0 ? [] : ['Range: bytes=0-1000000, 2000000-'])
  if (turn % 4 > 0) await client.readHead()
  if (turn % 4 > 1) await client.readBytes(100_000)
  client.destroy()
}

/** The end of a connection has come to the other side after a few turns of the process. */
async function severalTurns(): Promise<void> {
  for (let count = 0; count < 100; count++) await turn()
}

t.test('clients that leave, by the thousand, leave no connection to the store', (t) =>
  withEachStore(t, async (t, store, name) => {
    const { port, bucket, proxy, app, errors } = await serveStore(t, store)
    await bucket.put('f.bin', CONTENT)
    let left = ABORTS[name]
    const leaving = Array.from({ length: AT_ONCE }, async () => {
      while (left > 0) await leave(port, left--)
    })
    await Promise.all(leaving)
    t.ok(proxy.mostOpen <= AT_ONCE + 64, `${proxy.mostOpen} connections at a time`)
    const answered = await app.inject({ url: '/f.bin', headers: { range: 'bytes=0-9' } })
    t.equal(answered.statusCode, 206)
    t.ok(proxy.open > 0, 'a connection is kept for the next answer')
    // Timers of one process end in the order of their times, so this is no race with the timers of the connections.
    await sleep(2000)
    await severalTurns()
    t.equal(proxy.open, 0, 'all connections to the store are closed two seconds later')
    const answer = await app.inject({ url: '/f.bin', headers: { range: 'bytes=0-99' } })
    t.equal(answer.statusCode, 206, 'the next client is served')
    t.strictSame(errors(), [])
  }),
)
