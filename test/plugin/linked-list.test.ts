import t from 'tap'
import { LinkedList } from '#plugin/linked-list.js'

function valuesOf<T>(list: LinkedList<T>): T[] {
  return [...list].map(({ value }) => value)
}

t.test('values are in the order in which they were added', async (t) => {
  const list = new LinkedList<string>()
  t.equal(list.first, undefined)
  for (const value of ['a', 'b', 'a']) list.add(value)
  t.strictSame(valuesOf(list), ['a', 'b', 'a'])
  t.equal(list.size, 3)
  t.equal(list.first?.value, 'a')
})

for (const index of [0, 1, 2]) {
  t.test(`value ${index} of three can be removed, once`, async (t) => {
    const list = new LinkedList<number>()
    const links = [0, 1, 2].map((value) => list.add(value))
    const link = links[index]
    if (link === undefined) throw new Error('no link')
    t.equal(list.remove(link), true)
    t.equal(list.remove(link), false)
    t.strictSame(
      valuesOf(list),
      [0, 1, 2].filter((value) => value !== index),
    )
    t.equal(list.size, 2)
    list.add(3)
    t.equal(valuesOf(list).at(-1), 3)
  })
}

t.test('the value that was given last can be removed while others follow', async (t) => {
  const list = new LinkedList<number>()
  for (const value of [0, 1, 2, 3]) list.add(value)
  for (const link of list) if (link.value % 2 === 0) list.remove(link)
  t.strictSame(valuesOf(list), [1, 3])
})

t.test('a list that was emptied can be filled again', async (t) => {
  const list = new LinkedList<number>()
  list.remove(list.add(0))
  t.equal(list.first, undefined)
  list.add(1)
  t.strictSame(valuesOf(list), [1])
})

t.test('what was removed refers to no other value', async (t) => {
  const list = new LinkedList<number>()
  const links = [0, 1, 2].map((value) => list.add(value))
  for (const link of links) list.remove(link)
  for (const link of links)
    t.strictSame({ ...link, value: 0 }, { value: 0, previous: undefined, next: undefined, isIn: false })
})

t.test('random additions and removals give what an array gives', async (t) => {
  const list = new LinkedList<number>()
  let expected: number[] = []
  const links = new Map<number, ReturnType<typeof list.add>>()
  for (let value = 0; value < 2000; value++) {
    links.set(value, list.add(value))
    expected.push(value)
    const removed = expected[Math.floor(Math.random() * expected.length * 2)]
    const link = removed === undefined ? undefined : links.get(removed)
    if (link === undefined) continue
    t.equal(list.remove(link), true)
    expected = expected.filter((each) => each !== removed)
  }
  t.strictSame(valuesOf(list), expected)
})
