import { LoadRun } from './load-run.ts'
import type { Order, Report } from './protocol.ts'
import { ReaderRun } from './reader-run.ts'
import { StallRun } from './stall-run.ts'

// The generator is a separate process, so that its work is not counted as the server's and does not delay the orders.

let loadRun: LoadRun | undefined
let readerRun: ReaderRun | undefined
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
    case 'read':
      readerRun = await ReaderRun.start(order.readers)
      return { kind: 'ready' }
    case 'count':
      readerRun?.count()
      return { kind: 'ready' }
    case 'unread':
      if (readerRun === undefined) throw new Error('Nothing is read')
      return { kind: 'read', result: readerRun.stop() }
    case 'release':
      for (const run of stallRuns.splice(0)) run.release()
      return { kind: 'ready' }
  }
}

function report(message: Report): void {
  process.send?.(message)
}
