// The state and the numbers of a download, from its parts.
import t from 'tap'
import type { Store } from '#client/disk/store.js'
import { DownloadStatus } from '#client/progress/download-status.js'
import type { Transfer } from '#client/transfer/transfer.js'

const transfer = (fields: Partial<Transfer>): Transfer =>
  ({ total: 100, connections: 2, isPaused: false, waiting: null, ...fields }) as Transfer
const store = (fields: Partial<Store>): Store => ({ received: 40, notice: '', ...fields }) as Store

t.test('a new download is starting, and has no numbers', async (t) => {
  t.strictSame(new DownloadStatus().progress, {
    state: 'starting',
    path: null,
    received: 0,
    resumed: 0,
    total: null,
    speed: null,
    eta: null,
    connections: 0,
    retryIn: 0,
    attempt: 0,
    attempts: 0,
    message: '',
  })
})

t.test('the numbers come from the store and the transfer', async (t) => {
  const status = new DownloadStatus()
  status.resumeFrom(store({ notice: 'a part file was damaged' }))
  status.followTransfer(transfer({}))
  t.match(status.progress, {
    state: 'downloading',
    received: 40,
    resumed: 40,
    total: 100,
    connections: 2,
    message: 'a part file was damaged',
  })
})

t.test('a transfer that is paused or waiting shows in the state', async (t) => {
  const status = new DownloadStatus()
  status.followTransfer(transfer({ isPaused: true }))
  t.equal(status.progress.state, 'paused')
  const waiting = {
    untilMs: performance.now() + 5000,
    reason: 'the server answered 503 Service Unavailable',
    attempt: 2,
    attempts: 6,
  }
  status.followTransfer(transfer({ waiting }))
  const { state, message, retryIn, attempt, attempts } = status.progress
  t.strictSame(
    [state, message, attempt, attempts],
    ['waiting', 'the server answered 503 Service Unavailable', 2, 6],
  )
  t.ok(retryIn > 0 && retryIn <= 5000, `${retryIn} ms`)
})

t.test('a download that starts over says why, and has resumed nothing', async (t) => {
  const status = new DownloadStatus()
  status.resumeFrom(store({}))
  status.startOver('the file has changed')
  t.match(status.progress, { resumed: 0, message: 'started over: the file has changed' })
})

t.test('the last numbers do not change when the part file is closed', async (t) => {
  const status = new DownloadStatus()
  status.resumeFrom(store({ received: 0 }))
  status.setFinal(100, 100)
  t.match(status.progress, { received: 100, total: 100 })
})

t.test('a file that existed already counts as resumed', async (t) => {
  const status = new DownloadStatus()
  status.foundFinished(7)
  t.match(status.progress, { received: 7, resumed: 7, total: 7 })
})

t.test('the path is shown as soon as it is known, and when the server changes it', async (t) => {
  const status = new DownloadStatus()
  status.setPath('downloads/download')
  t.equal(status.progress.path, 'downloads/download')
  status.setPath('downloads/report.pdf')
  t.equal(status.progress.path, 'downloads/report.pdf')
})

t.test('pauses and waits do not count as work', async (t) => {
  const status = new DownloadStatus()
  status.resumeFrom(store({ received: 0 }))
  status.followTransfer(transfer({ isPaused: true }))
  const { duration } = status.times
  await new Promise((resolve) => setTimeout(resolve, 30))
  t.equal(status.times.duration, duration)
  status.followTransfer(transfer({}))
  await new Promise((resolve) => setTimeout(resolve, 30))
  t.ok(status.times.duration > duration)
})

t.test('the average speed counts what this run has received', async (t) => {
  const status = new DownloadStatus()
  const growing = { received: 1000, notice: '' }
  status.resumeFrom(growing as Store)
  status.followTransfer(transfer({ total: 5000 }))
  t.equal(status.times.speed, 0)
  growing.received = 5000
  status.enter('verifying')
  const { speed } = status.times
  t.ok(speed > 0 && speed <= 4_000_000, `${speed}`)
  await new Promise((resolve) => setTimeout(resolve, 30))
  t.equal(status.times.speed, speed, 'the time of verifying does not lower it')
})
