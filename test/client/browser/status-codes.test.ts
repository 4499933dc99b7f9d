import t from 'tap'
import { STATUS_CODES } from '#client/browser/status-codes.js'

t.test('the page knows no names of statuses, so a status stays a number', async (t) => {
  t.strictSame(STATUS_CODES, {})
})
