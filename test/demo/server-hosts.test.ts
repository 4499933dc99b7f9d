import { request } from 'node:http'
import { buildServer } from 'demo-server'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'

const OWN = ['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '192.168.1.5', '[::1]']
const FOREIGN = [
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'evil.example:localhost',
  'localhost@evil.example',
  '[evil.example]',
  '2130706433.evil.example',
]

async function listening(t: Test, host: string): Promise<{ app: FastifyInstance; port: number }> {
  const app = await buildServer({ dataDir: t.testdir() })
  t.teardown(() => app.close())
  const url = await app.listen({ port: 0, host })
  return { app, port: Number(new URL(url).port) }
}

function statusFor(port: number, host: string, path = '/2.txt', method = 'GET'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { host } }, (answer) => {
      resolve(answer.statusCode)
      answer.destroy()
    })
    asked.on('error', reject).end()
  })
}

t.test('on loopback, a name that is led there by somebody else is refused (DNS rebinding)', async (t) => {
  const { app, port } = await listening(t, '127.0.0.1')
  for (const name of OWN) {
    t.equal(await statusFor(port, name), 200, name)
    t.equal(await statusFor(port, `${name}:${port}`), 200, `${name} with the port`)
  }
  for (const name of FOREIGN) {
    t.equal(await statusFor(port, name), 421, name)
    t.equal(await statusFor(port, `${name}:${port}`), 421, `${name} with the port`)
  }
  for (const target of ['/', '/settings', '/nothing/here', '/lab/big.bin', '/lab/big.bin/checksum'])
    t.equal(await statusFor(port, 'evil.example', target), 421, target)
  t.equal(await statusFor(port, 'evil.example', '/lab/cut', 'POST'), 421, 'the buttons')
  const { otherPort } = (await app.inject('/settings')).json()
  t.equal(await statusFor(otherPort, 'evil.example', '/recipe/2.txt'), 421, 'the other origin')
  t.equal(await statusFor(otherPort, 'localhost', '/recipe/2.txt'), 200)
})

t.test('on every address, a name of the machine may be anything', async (t) => {
  const { port } = await listening(t, '0.0.0.0')
  t.equal(await statusFor(port, 'laptop.local'), 200)
})
