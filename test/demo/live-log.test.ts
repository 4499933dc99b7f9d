import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildServer } from 'demo-server'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'

const MOST_READERS = 100

async function listening(t: Test): Promise<{ app: FastifyInstance; url: string }> {
  const app = await buildServer({ dataDir: t.testdir() })
  t.teardown(() => app.close())
  return { app, url: await app.listen({ port: 0 }) }
}

/** A page that follows the log but does not read it. */
async function stalled(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(socket, 'readable')
  return socket
}

/** How many clients follow the log. */
function followers(app: FastifyInstance): Promise<number> {
  return new Promise((resolve, reject) => {
    app.server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}

async function untilFollowers(app: FastifyInstance, count: number): Promise<void> {
  while ((await followers(app)) > count) await sleep(10)
}

t.test('a client that follows the log and stops reading is disconnected', async (t) => {
  const { app, url } = await listening(t)
  const socket = await stalled(url)
  t.teardown(() => socket.destroy())
  // A long query makes each entry long, so that the buffers of the connection fill up soon.
  const query = 'x'.repeat(8000)
  for (let asked = 0; (await followers(app)) > 0 && asked < 3000; asked++) await app.inject(`/2.txt?${query}`)
  t.equal(await followers(app), 0)
})

t.test('only a limited number of clients may follow the log', async (t) => {
  const { app, url } = await listening(t)
  const sockets = await Promise.all(Array.from({ length: MOST_READERS }, () => stalled(url)))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  const refused = await fetch(`${url}/events`)
  t.equal(refused.status, 503)
  t.match(await refused.json(), { code: 'ERR_DEMO_BUSY' })
  for (const socket of sockets.splice(0, 10)) socket.destroy()
  await untilFollowers(app, MOST_READERS - 10)
  const welcome = await fetch(`${url}/events`)
  t.equal(welcome.status, 200, 'one that leaves makes place')
  await welcome.body?.cancel()
})

t.test('HEAD does not count as a client that follows', async (t) => {
  const { app, url } = await listening(t)
  for (let count = 0; count <= MOST_READERS; count++) await app.inject({ method: 'HEAD', url: '/events' })
  const answer = await fetch(`${url}/events`)
  t.equal(answer.status, 200)
  await answer.body?.cancel()
})

t.test('a reader that was disconnected gets only what has changed since', async (t) => {
  const { app, url } = await listening(t)
  await app.inject({ url: '/2.txt', headers: { range: 'bytes=0-0' } })
  const ids = await eventIds(url, '')
  await app.inject({ url: '/2.txt', headers: { range: 'bytes=1-1' } })
  const last = ids.at(-1) ?? ''
  t.match(last, /^[\da-f-]{36}:\d+$/)
  t.notOk((await eventIds(url, last)).some((id) => ids.includes(id)))
  t.equal((await eventIds(url, 'another-log:99')).includes(last), true, 'all entries after a restart')
})

/** The ids of the events that a reader gets at once, after one that it has seen before. */
async function eventIds(url: string, lastSeen: string): Promise<string[]> {
  const events = await fetch(`${url}/events`, { headers: { 'last-event-id': lastSeen } })
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of events.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (/^id: /m.test(text)) break
  }
  return Array.from(text.matchAll(/^id: (.*)$/gm), ([, id = '']) => id)
}
