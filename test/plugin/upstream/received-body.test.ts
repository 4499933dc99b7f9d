import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { Lease } from '#plugin/upstream/leases.js'
import { ReceivedBody } from '#plugin/upstream/received-body.js'
import { Interruption } from '#plugin/upstream/upstream-errors.js'

const LEASE: Lease = { release() {}, idle() {}, busy() {} }

t.test('a body that stalls after some bytes is waited for once', async (t) => {
  const message = new IncomingMessage(new Socket())
  const body = new ReceivedBody(message, LEASE, 50)
  message.push(Buffer.from('abc'))
  const target = Buffer.alloc(5)
  t.equal(await body.fill(target), 3, 'what has come')
  t.equal(target.toString('latin1'), 'abc\0\0')
  const second = body.fill(target.subarray(3)).catch((error: unknown) => error)
  t.type(await Promise.race([second, turn('it waits again')]), Interruption)
  body.destroy()
  await second
})

t.test('bytes that come after a stall are given before it', async (t) => {
  const message = new IncomingMessage(new Socket())
  const body = new ReceivedBody(message, LEASE, 50)
  const target = Buffer.alloc(5)
  message.push(Buffer.from('abc'))
  t.equal(await body.fill(target), 3)
  message.push(Buffer.from('d'))
  await turn()
  t.equal(await body.fill(target.subarray(3)), 1)
  t.equal(target.toString('latin1'), 'abcd\0')
  await t.rejects(body.fill(target.subarray(4)), Interruption)
  body.destroy()
})
