// The bytes that one connection fetches: how far it has come, and who may change that.
import t from 'tap'
import { Assignment, probeOf } from '#client/schedule/assignment.js'

const segment = (start = 100, end = 200): Assignment => new Assignment('segment', { start, end })

t.test('an assignment begins at its start, without an answer', async (t) => {
  const assignment = segment()
  const { position, end, isAnswered, bodyEnd, abortReason, newBytes } = assignment
  t.strictSame(
    { position, end, isAnswered, bodyEnd, abortReason, newBytes },
    { position: 100, end: 200, isAnswered: false, bodyEnd: null, abortReason: null, newBytes: 0 },
  )
})

t.test('an answer to a range cannot end behind the file', async (t) => {
  const assignment = new Assignment('segment', { start: 0, end: Number.POSITIVE_INFINITY })
  assignment.partAnswered(500, 300)
  t.strictSame([assignment.end, assignment.bodyEnd, assignment.isAnswered], [300, 300, true])
})

t.test('an answer to a range with fewer bytes than asked for does not change the end', async (t) => {
  const assignment = segment()
  assignment.partAnswered(150, 1000)
  t.strictSame([assignment.end, assignment.bodyEnd], [200, 150])
})

t.test('an answer with the whole file begins at the first byte', async (t) => {
  const known = segment()
  known.wholeAnswered(300)
  t.strictSame([known.position, known.end, known.isAnswered], [0, 300, true])
  const unknown = segment()
  unknown.wholeAnswered(null)
  t.equal(unknown.end, Number.POSITIVE_INFINITY)
})

t.test('shrinkTo moves the end down and never up', async (t) => {
  const assignment = segment()
  assignment.shrinkTo(150)
  assignment.shrinkTo(180)
  t.equal(assignment.end, 150)
  assignment.extendTo(200)
  t.equal(assignment.end, 200)
})

t.test('only bytes that were not held before count as new', async (t) => {
  const assignment = segment()
  assignment.advance(10)
  assignment.advance(20, 5)
  t.strictSame([assignment.position, assignment.newBytes, assignment.keptBytes], [130, 15, 15])
})

t.test('dropped bytes stay new, but are not kept, and later bytes are kept', async (t) => {
  const assignment = segment()
  assignment.advance(10)
  assignment.dropReceived()
  t.strictSame([assignment.newBytes, assignment.keptBytes], [10, 0])
  assignment.advance(7)
  t.equal(assignment.keptBytes, 7)
})

t.test('the first reason of an abort stays, and the signal is aborted', async (t) => {
  const assignment = segment()
  t.equal(assignment.signal.aborted, false)
  assignment.abort('paused')
  assignment.abort('download-over')
  t.equal(assignment.abortReason, 'paused')
  t.equal(assignment.signal.aborted, true)
})

t.test('done resolves when the assignment is finished', async (t) => {
  const assignment = segment()
  let isDone = false
  void assignment.done.then(() => {
    isDone = true
  })
  await Promise.resolve()
  t.equal(isDone, false)
  assignment.finish()
  await assignment.done
  t.equal(isDone, true)
})

t.test('an assignment is not worth sharing before its answer, or if it is indivisible', async (t) => {
  const assignment = segment(0, 1e9)
  t.equal(assignment.isWorthSharing, false)
  assignment.partAnswered(1e9, 1e9)
  assignment.advance(1)
  t.equal(assignment.isWorthSharing, true, 'a gigabyte takes longer than a second answer')
  assignment.makeIndivisible()
  t.equal(assignment.isWorthSharing, false)
})

t.test('the rate is known after the fourth measurement, and is smoothed', async (t) => {
  const assignment = segment(0, 1000)
  t.equal(assignment.measure(), null, 'before the answer')
  assignment.partAnswered(1000, 1000)
  const rates = [80, 80, 80, 40, 60].map((bytes) => {
    assignment.advance(bytes)
    return assignment.measure()
  })
  t.strictSame(rates, [null, null, null, 60, 60])
})

t.test('a probe asks for the last byte, and for the whole of an empty file', async (t) => {
  const { kind, start, end } = probeOf(10)
  t.strictSame({ kind, start, end }, { kind: 'probe', start: 9, end: 10 })
  t.equal(probeOf(0).kind, 'whole')
})
