import { LoadRun } from './load-run.ts'
import type { Order, Report } from './protocol.ts'
import { StallRun } from './stall-run.ts'

// The generator: a process of its own, so that its work is not counted as the server's nor delays its orders.

let loadRun: LoadRun | undefined
let stallRun: StallRun | undefined

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
      stallRun = await StallRun.start(order.stall)
      return { kind: 'ready' }
    case 'release':
      stallRun?.release()
      return { kind: 'ready' }
  }
}

function report(message: Report): void {
  process.send?.(message)
}
