import { loadOf, probeOf } from '../load/loads.ts'
import type { Transport } from '../load/protocol.ts'
import { works } from '../workloads.ts'
import { certificate } from './certificate.ts'
import type { Contender } from './contender.ts'
import type { FixedAnswer } from './fixed.ts'
import { peersWith } from './peers.ts'
import { startNodeServer } from './server.ts'

/** Fields that Node sets by itself. */
const NOT_COPIED = ['date', 'connection', 'keep-alive', 'content-length']

/** What the contenders need to start. */
export interface Setting {
  readonly root: string
  /** The command of Bun. */
  readonly bun: string
  readonly transport: Transport
}

/** Starts all contenders of a transport that are installed. The caller stops them. */
export async function startContenders({ root, bun, transport }: Setting): Promise<Contender[]> {
  const started: Contender[] = []
  try {
    const secure = transport === 'http' ? undefined : await certificate()
    const files = secure === undefined ? [] : [secure.cert, secure.key]
    const ours = await startNodeServer('ours', [root, transport, ...files])
    started.push({ name: 'ours', server: ours })
    if (secure === undefined) await startNodePeers(started, ours.port, root)
    for (const peer of peersWith(bun)) {
      if ((await peer.version()) === undefined) continue
      for (const name of secure === undefined ? peer.names : peer.secureNames)
        started.push({ name, server: await peer.start(name, root, secure) })
    }
    return started
  } catch (error) {
    await stopContenders(started)
    throw error
  }
}

/** @param ours the port of our server, whose answers one of them repeats */
async function startNodePeers(started: Contender[], ours: number, root: string): Promise<void> {
  started.push({ name: 'static', server: await startNodeServer('fastify-static', [root]) })
  const answers = await fixedAnswers(ours)
  started.push({ name: 'fixed', server: await startNodeServer('fixed', [JSON.stringify(answers)]) })
  started.push({ name: 'node', server: await startNodeServer('bare-node', [root]) })
}

/** Stops them all. */
export async function stopContenders(contenders: readonly Contender[]): Promise<void> {
  await Promise.all(contenders.map(({ server }) => server.stop()))
}

/** Records the answer of our server to each work that the fixed server takes part in. */
async function fixedAnswers(port: number): Promise<FixedAnswer[]> {
  const answers: FixedAnswer[] = []
  for (const work of works.filter(({ contenders }) => contenders.includes('fixed'))) {
    const { status, headers, content } = await probeOf(await loadOf(work, port))
    const copied = Object.entries(headers).filter(([name]) => !NOT_COPIED.includes(name))
    answers.push({
      url: `/${work.name}`,
      status,
      headers: Object.fromEntries(copied.map(([name, value]) => [name, String(value)])),
      bytes: content.toString('base64'),
    })
  }
  return answers
}
