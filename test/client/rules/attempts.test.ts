// When a connection gives up: failures in a row, and answers with almost no bytes.
import t from 'tap'
import { Attempts } from '#client/rules/attempts.js'

/** An answer of a byte, of ten that were asked for. */
const SHORT = { position: 1, end: 10, abortReason: null }
const FULL = { ...SHORT, position: 10 }

t.test('failures in a row count from the last progress, which is 64 KiB', async (t) => {
  const attempts = new Attempts(1000)
  t.equal(attempts.fail(1000), 1)
  t.equal(attempts.fail(66_535), 2, 'a byte too few')
  t.equal(attempts.fail(132_071), 1, '64 KiB since the last failure')
  t.equal(attempts.fail(132_072), 2)
})

t.test('an answer with all requested bytes is progress, even a short one', async (t) => {
  const attempts = new Attempts(0)
  t.equal(attempts.fail(0), 1)
  t.equal(attempts.isTooLittle(FULL, 10), false)
  t.equal(attempts.fail(10), 1)
})

t.test('RFC 9110 §15.3.7: an answer may have a subset, but not 32 times without progress', async (t) => {
  const attempts = new Attempts(0)
  for (const round of [1, 2]) {
    for (let i = 1; i < 32; i++) t.equal(attempts.isTooLittle(SHORT, i), false, `round ${round}, answer ${i}`)
    t.equal(attempts.isTooLittle(SHORT, 32), true, `round ${round}`)
  }
  t.equal(attempts.fail(32), 1)
})

t.test('progress starts the count of small answers again', async (t) => {
  for (const [name, answer, bytes] of [
    ['all that was asked for', FULL, 31],
    ['64 KiB in small answers', SHORT, 65_536],
  ] as const) {
    const attempts = new Attempts(0)
    for (let i = 1; i < 32; i++) attempts.isTooLittle(SHORT, i)
    t.equal(attempts.isTooLittle(answer, bytes), false, name)
    for (let i = 1; i < 32; i++)
      t.equal(attempts.isTooLittle(SHORT, bytes), false, `${name}, then answer ${i}`)
    t.equal(attempts.isTooLittle(SHORT, bytes), true, `${name}, then 32`)
  }
  const attempts = new Attempts(0)
  for (let i = 1; i < 32; i++) attempts.isTooLittle(SHORT, i)
  t.equal(attempts.isTooLittle(SHORT, 65_535), true, 'a byte less than 64 KiB is no progress')
})

t.test('64 KiB before a failure start the count of small answers again', async (t) => {
  const attempts = new Attempts(0)
  for (let i = 1; i < 32; i++) attempts.isTooLittle(SHORT, i)
  t.equal(attempts.fail(65_536), 1)
  for (let i = 1; i < 32; i++) t.equal(attempts.isTooLittle(SHORT, 65_536), false, `answer ${i}`)
  t.equal(attempts.isTooLittle(SHORT, 65_536), true, 'answer 32')
})

t.test('an answer cut short because its remainder was given away does not count', async (t) => {
  const attempts = new Attempts(0)
  for (let i = 1; i <= 40; i++)
    t.equal(attempts.isTooLittle({ ...SHORT, abortReason: 'paused' }, 0), false, `answer ${i}`)
})
