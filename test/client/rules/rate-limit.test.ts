import t from 'tap'
import { RateLimit } from '#client/rules/rate-limit.js'

t.test('connections share the rate limit, and idle time is not saved up', async (t) => {
  const limit = new RateLimit(1000)
  t.equal(limit.wait(500, 0), 500)
  t.equal(limit.wait(500, 0), 1000, 'connections share it')
  t.equal(limit.wait(500, 5000), 500, 'idle time is not saved up')
})
