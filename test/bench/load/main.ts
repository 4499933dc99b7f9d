import { LoadRun } from './load-run.ts'
import type { Order, Report } from './protocol.ts'
import { StallRun } from './stall-run.ts'

// The generator is a separate process, so that its work is not counted as the server's and does not delay the orders.

let loadRun: LoadRun | undefined
const stallRuns: StallRun[] = []

process.on('message', (order: Order) => {
  carryOut(order).then(report, (error: unknown) => report({ kind: 'failed', message: String(error) }))
})
process.on('disconnect', () => process.exit())

async function carryOut(order: Order): Promise<Report> {
  switch (order.kind) {
    case 'load':
      loadRun = await LoadRun.connect(order.load)
      return { kind: 'ready' }
    case 'go':
      if (loadRun === undefined) throw new Error('There is nothing to do')
      return { kind: 'done', result: await loadRun.go() }
    case 'stall':
      stallRuns.push(await StallRun.start(order.stall))
      return { kind: 'ready' }
    case 'release':
      for (const run of stallRuns.splice(0)) run.release()
      return { kind: 'ready' }
  }
}

function report(message: Report): void {
  process.send?.(message)
}
