import t from 'tap'
import { safeFields } from '#client/rules/safe-fields.js'

t.test('another origin gets only fields that cannot be a credential', async (t) => {
  const fields = { Accept: 'a', 'accept-language': 'b', 'USER-AGENT': 'c' }
  const secret = { authorization: 'd', Cookie: 'e', 'x-token': 'f', 'accept-encoding': 'g' }
  t.strictSame(safeFields({ ...fields, ...secret }), fields)
  t.strictSame(safeFields({}), {})
})
