// Where and how the next request goes, after an answer and after a refusal.
import t from 'tap'
import type { Target } from '#client/http/target.js'
import { isAboutCondition, type RefusedRequest, ServerAccess } from '#client/transfer/server-access.js'

const target = (path: string): Target => ({
  url: new URL(path, 'http://h/'),
  headers: {},
  names: [],
  isAuthorizationGiven: false,
  firstOrigin: 'http://h',
  linked: null,
})
const ORIGIN = target('/file')
const MIRROR = target('/mirror')

/** A request to the origin that was refused. */
function refused(fields: Partial<RefusedRequest> = {}, status = 400, challenge = ''): RefusedRequest {
  const answerFields = new Map(challenge === '' ? [] : [[challenge, ['Basic realm="x"']]])
  return {
    target: ORIGIN,
    hasRange: true,
    isConditional: false,
    answer: { status, fields: answerFields, target: ORIGIN, misdirection: null },
    ...fields,
  }
}

t.test('the next request goes to the URL that has sent the file, until it goes to the origin', async (t) => {
  const next = new ServerAccess(ORIGIN)
  t.equal(next.target, ORIGIN)
  next.goTo(MIRROR)
  t.equal(next.target, MIRROR)
  next.goToOrigin()
  t.equal(next.target, ORIGIN)
})

t.test('a refusal from the target of a redirect sends the next request to the origin', async (t) => {
  const next = new ServerAccess(ORIGIN)
  next.goTo(MIRROR)
  t.equal(next.afterRefusal(refused({ target: MIRROR, isConditional: true }), false), 'redirect')
  t.equal(next.target, ORIGIN)
  t.equal(next.condition, 'if-range', 'the condition stays')
})

t.test('a refusal from the origin leaves out the condition, then the range, then nothing', async (t) => {
  const next = new ServerAccess(ORIGIN)
  t.equal(next.afterRefusal(refused({ isConditional: true }), false), 'condition')
  t.equal(next.condition, 'none')
  t.equal(next.afterRefusal(refused(), false), 'range')
  t.equal(next.afterRefusal(refused({ hasRange: false }), false), 'nothing')
})

t.test('a range is not left out after ranges have worked', async (t) => {
  t.equal(new ServerAccess(ORIGIN).afterRefusal(refused(), true), 'nothing')
})

t.test('nothing is left out after an answer that asks for credentials', async (t) => {
  for (const [status, challenge] of [
    [401, 'www-authenticate'],
    [407, 'proxy-authenticate'],
  ] as const) {
    const next = new ServerAccess(ORIGIN)
    t.equal(next.afterRefusal(refused({ isConditional: true }, status, challenge), false), 'nothing')
    t.equal(next.afterRefusal(refused({}, status), false), 'range', `${status} without a challenge`)
  }
})

t.test('an error is about the condition only if one was sent and the status says so', async (t) => {
  t.equal(isAboutCondition(refused({ isConditional: true }, 412)), true)
  t.equal(isAboutCondition(refused({ isConditional: false }, 412)), false)
  t.equal(isAboutCondition(refused({ isConditional: true }, 403)), false)
  t.equal(isAboutCondition(refused({ isConditional: true, answer: null })), false)
})
