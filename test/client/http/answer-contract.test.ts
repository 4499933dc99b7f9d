// The transport over node:http and the one in memory keep the same contract.
import type { Test } from 'tap'
import { NodeClient } from '#client/http/node-client.js'
import { firstTarget } from '#client/http/target.js'
import { type GetAnswer, testAnswers } from '../support/answer-contract.ts'
import { FakeClient, type Reply } from '../support/fake-client.ts'

import { startScripted } from '../support/scripted-server.ts'

/** Bodies of this length go past the parser of node:http. */
const LONG = Buffer.alloc(16 * 1024 * 1024, 'long body ')

async function startNode(t: Test): Promise<GetAnswer> {
  const server = await startScripted(t)
  const client = new NodeClient({
    connectTimeout: 5000,
    headTimeout: 5000,
    maxRedirects: 0,
    proxy: null,
    trust: { caFile: null, certFile: null, keyFile: null },
    credentials: null,
    env: {},
  })
  t.teardown(() => client.close())
  return (reply, signal) => {
    server.reply = reply
    return client.get(firstTarget(server.url, {}), {}, signal)
  }
}

async function startFake(): Promise<GetAnswer> {
  let next: Reply | null = null
  const client = new FakeClient(() => next)
  return (reply, signal) => {
    next = reply
    return client.get(firstTarget('http://fake.test/file.bin', {}), {}, signal)
  }
}

testAnswers({ name: 'node:http', start: startNode, hasBuffers: false })
testAnswers({ name: 'node:http past its parser', start: startNode, hasBuffers: true, filler: LONG })
testAnswers({ name: 'in memory', start: startFake, hasBuffers: false })
testAnswers({ name: 'in memory with buffers', start: startFake, hasBuffers: true, filler: LONG })
