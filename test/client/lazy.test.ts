import t from 'tap'
import { lazy } from '#client/lazy.js'

t.test('a value is made when it is first asked for, and once', async (t) => {
  let calls = 0
  const value = lazy(() => {
    calls++
    return undefined
  })
  t.equal(calls, 0)
  value()
  value()
  t.equal(calls, 1)
})
