import t from 'tap'
import { parseEntityTags } from '#plugin/entity-tag.js'

t.test('§8.8.3 a list is read up to the first thing that is no entity-tag', async (t) => {
  const A = { strength: 'strong', opaque: 'a' }
  for (const { name, value, want } of [
    { name: 'a tag that is not closed', value: '"a', want: [] },
    { name: 'a space inside a tag', value: '"a b"', want: [] },
    { name: 'a character beyond 0xff', value: '"a\u0100"', want: [] },
    { name: 'a tag that is not closed behind one that is', value: '"a", "b', want: [A] },
    { name: 'a closed tag', value: '"a"', want: [A] },
  ])
    t.strictSame(parseEntityTags(value), want, name)
})
