import t from 'tap'
import { backoff, retryAfter } from '#client/rules/backoff.js'
import { fieldLines } from '#client/rules/field-lines.js'

const fields = (lines: Record<string, string>) => fieldLines(Object.entries(lines).flat())

t.test('waits double up to their limit, and Retry-After is read as seconds or as a date', async (t) => {
  const policy = { retries: 5, delay: 1000, maxDelay: 10_000 }
  t.equal(backoff(1, policy, 1), 1000)
  t.equal(backoff(1, policy, 0), 500)
  t.equal(backoff(3, policy, 1), 4000)
  t.equal(backoff(60, policy, 1), 10_000)
  t.equal(backoff(5000, policy, 1), 10_000)
  t.equal(backoff(5000, { ...policy, delay: 0 }, 1), 0, 'without a delay, however many failures')
  t.equal(retryAfter(fields({ 'Retry-After': '120' })), 120_000)
  t.equal(retryAfter(fields({ 'Retry-After': '9'.repeat(30) })), Number.MAX_SAFE_INTEGER)
  const date = { 'Retry-After': 'Mon, 05 Jan 2026 10:01:00 GMT', Date: 'Mon, 05 Jan 2026 10:00:00 GMT' }
  t.equal(retryAfter(fields(date)), 60_000, "by the server's clock")
  t.equal(retryAfter(fields({ 'Retry-After': date['Retry-After'] }), Date.UTC(2026, 0, 5, 10, 0, 30)), 30_000)
  t.equal(retryAfter(fields({ 'Retry-After': date.Date }), Date.UTC(2027, 0, 1)), 0, 'a date that has passed')
  for (const odd of ['soon', '-1', '1.5']) t.equal(retryAfter(fields({ 'Retry-After': odd })), null, odd)
})
