import { loadOf, probeOf } from '../load/loads.ts'
import { works } from '../workloads.ts'
import type { Contender } from './contender.ts'
import type { FixedAnswer } from './fixed.ts'
import { peersWith } from './peers.ts'
import { startNodeServer } from './server.ts'

/** Fields that Node sets by itself. */
const NOT_COPIED = ['date', 'connection', 'keep-alive', 'content-length']

/**
 * Starts all contenders that are installed. The caller stops them.
 *
 * @param bun the command of Bun
 */
export async function startContenders(root: string, bun: string): Promise<Contender[]> {
  const started: Contender[] = []
  try {
    const ours = await startNodeServer('ours', [root])
    started.push({ name: 'ours', server: ours })
    started.push({ name: 'static', server: await startNodeServer('fastify-static', [root]) })
    const answers = await fixedAnswers(ours.port)
    started.push({ name: 'fixed', server: await startNodeServer('fixed', [JSON.stringify(answers)]) })
    started.push({ name: 'node', server: await startNodeServer('bare-node', [root]) })
    for (const peer of peersWith(bun)) {
      if ((await peer.version()) === undefined) continue
      for (const name of peer.names) started.push({ name, server: await peer.start(name, root) })
    }
    return started
  } catch (error) {
    await stopContenders(started)
    throw error
  }
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
