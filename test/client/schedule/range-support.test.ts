// When the file is asked for without ranges, and what the error says then.
import t from 'tap'
import { DownloadError } from '#client/errors.js'
import type { Validators } from '#client/rules/validators.js'
import type { Failure } from '#client/schedule/attempt-failure.js'
import { RangeSupport } from '#client/schedule/range-support.js'
import { Schedule, type StoredBytes } from '#client/schedule/schedule.js'

const VALIDATORS: Validators = {
  total: 100,
  etag: '"x"',
  lastModified: null,
  dateIsStrong: false,
  digests: {},
}

function makeSupport(joinable: Validators | null = VALIDATORS) {
  const store: StoredBytes = { blocks: [], received: 0, joinable, window: null }
  const schedule = new Schedule(store, { connections: 2, segmentSize: 10 }, 'ranges')
  const assign = () => {
    const assignment = schedule.assignNext()
    if (assignment === null) throw new Error('there is nothing to fetch')
    return assignment
  }
  return { schedule, assign, ranges: new RangeSupport(schedule, store) }
}

const failure = (fields: Partial<Failure> = {}): Failure => ({
  reason: 'the server answered 500 Internal Server Error',
  error: new DownloadError('ERR_DOWNLOAD_HTTP', 'the server answered 500 Internal Server Error', {
    statusCode: 500,
  }),
  isRefusal: false,
  prospect: 'passing',
  retryAfterMs: null,
  isExpiredRedirect: false,
  ...fields,
})

t.test('the second useless answer ends the use of ranges', async (t) => {
  const { schedule, assign, ranges } = makeSupport()
  const assignment = assign()
  t.match(ranges.uselessAnswer(assignment, 'sent other bytes'), {
    prospect: 'passing',
    reason: 'the server sent other bytes',
  })
  t.equal(schedule.mode, 'ranges')
  t.equal(ranges.uselessAnswer(assignment, 'sent other bytes'), null)
  t.equal(schedule.mode, 'whole')
  t.equal(assignment.abortReason, 'single-stream')
  t.equal(ranges.uselessAnswer(assignment, 'sent other bytes'), null, 'nothing more follows')
})

t.test('the first useless answer ends the use of ranges while nothing is held', async (t) => {
  const { schedule, assign, ranges } = makeSupport(null)
  t.equal(ranges.uselessAnswer(assign(), 'sent other bytes'), null)
  t.equal(schedule.mode, 'whole')
})

t.test('a useless answer beside a body that is being received is an ordinary failure', async (t) => {
  const { schedule, assign, ranges } = makeSupport()
  const [receiving, other] = [assign(), assign()]
  schedule.partAnswered(receiving, 10)
  for (let i = 0; i < 3; i++)
    t.match(ranges.uselessAnswer(other, 'sent other bytes'), { prospect: 'lasting' })
  t.equal(schedule.mode, 'ranges')
})

t.test(
  'the last attempt asks for the whole file if nothing has been received and the range may be to blame',
  async (t) => {
    for (const [given, joinable, mode] of [
      [failure(), null, 'whole'],
      [failure(), VALIDATORS, 'ranges'],
      [failure({ retryAfterMs: 1 }), null, 'ranges'],
    ] as const) {
      const { schedule, ranges } = makeSupport(joinable)
      ranges.beforeLastAttempt(given)
      t.equal(schedule.mode, mode)
    }
  },
)

t.test('a later failure is explained by the first reason, and keeps its code and status', async (t) => {
  const { ranges } = makeSupport()
  const later = failure({
    reason: 'the server answered 404 Not Found',
    error: new DownloadError('ERR_DOWNLOAD_HTTP', 'the server answered 404 Not Found', { statusCode: 404 }),
  })
  t.equal(ranges.explain(later), later, 'not while ranges are used')
  ranges.stopUsingRanges(failure())
  const reason =
    'the server answered 500 Internal Server Error; asked again without a range: the server answered 404 Not Found'
  t.match(ranges.explain(later), {
    reason,
    error: { code: 'ERR_DOWNLOAD_HTTP', statusCode: 404, message: reason },
  })
  const same = failure()
  t.equal(ranges.explain(same), same, 'not twice')
})
