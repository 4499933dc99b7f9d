// The listener of a caller: it may return nothing, throw, or return a promise.
import t from 'tap'
import type { DownloadError } from '#client/errors.js'
import { SegmentListener } from '#client/transfer/segment-listener.js'
import type { SegmentReport } from '#client/transfer/segment-report.js'

const REPORT: SegmentReport = {
  range: null,
  status: 200,
  contentRange: null,
  bytes: 1,
  received: 1,
  total: 1,
}
const FAILED = { code: 'ERR_DOWNLOAD_USAGE', message: 'onSegment has thrown an error' }

t.test('a listener gets each report, and done resolves at once if it returns nothing', async (t) => {
  const seen: SegmentReport[] = []
  const listener = new SegmentListener((report) => void seen.push(report), t.fail)
  listener.call(REPORT)
  listener.call(REPORT)
  await listener.done(null)
  t.strictSame(seen, [REPORT, REPORT])
  await new SegmentListener(null, t.fail).done(null)
})

t.test('an error that the listener throws is thrown as a usage error, with its cause', async (t) => {
  const cause = new Error('mine')
  const listener = new SegmentListener(() => {
    throw cause
  }, t.fail)
  t.throws(() => listener.call(REPORT), { ...FAILED, cause })
})

t.test('done waits for the promises of the listener', async (t) => {
  let resolve = (): void => undefined
  const pending = new Promise<void>((settle) => {
    resolve = settle
  })
  const listener = new SegmentListener(() => pending, t.fail)
  listener.call(REPORT)
  let isDone = false
  const done = listener.done(null).then(() => {
    isDone = true
  })
  await new Promise((turn) => setImmediate(turn))
  t.equal(isDone, false)
  resolve()
  await done
  t.equal(isDone, true)
})

t.test('a promise that is rejected is reported at once, and done throws the first one', async (t) => {
  const reported: DownloadError[] = []
  const listener = new SegmentListener(
    ({ bytes }) => Promise.reject(new Error(`number ${bytes}`)),
    (error) => reported.push(error),
  )
  listener.call(REPORT)
  listener.call({ ...REPORT, bytes: 2 })
  await t.rejects(listener.done(null), { ...FAILED, cause: { message: 'number 1' } })
  t.match(reported, [FAILED, FAILED])
})

t.test('an abort ends done while a promise is pending', async (t) => {
  const stop = new AbortController()
  const listener = new SegmentListener(() => new Promise(() => undefined), t.fail)
  listener.call(REPORT)
  const done = listener.done(stop.signal)
  stop.abort(new Error('stopped'))
  await t.rejects(done, { message: 'stopped' })
})
