// Modules of the page that need no browser.
import t, { type Test } from 'tap'
import { REPOSITORY } from '../support/repository.ts'

const MODULES = `${REPOSITORY}demo-server/public/js/`

let journals = 0

interface Journal {
  read(): object | null
  write(version: object): void
  clear(): void
}

/** The journal of a page whose `localStorage` is this property. */
async function journalWith(t: Test, localStorage: PropertyDescriptor): Promise<Journal> {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, ...localStorage })
  t.teardown(() => {
    if (before) Object.defineProperty(globalThis, 'localStorage', before)
    else Reflect.deleteProperty(globalThis, 'localStorage')
  })
  // The module looks for localStorage when it is loaded. Another query loads it again.
  const { Journal } = (await import(`${MODULES}journal.js?${++journals}`)) as {
    Journal: new (store: string) => Journal
  }
  return new Journal('origin')
}

const VERSION = { total: 3, etag: '"1"', digests: {} }

for (const [name, localStorage] of Object.entries<PropertyDescriptor>({
  'is forbidden': {
    get: () => {
      throw new DOMException('', 'SecurityError')
    },
  },
  'is switched off': { value: null },
})) {
  t.test(`where localStorage ${name}, the journal lasts as long as the page`, async (t) => {
    const journal = await journalWith(t, localStorage)
    t.equal(journal.read(), null)
    journal.write(VERSION)
    t.same(journal.read(), VERSION)
    journal.clear()
    t.equal(journal.read(), null)
  })
}

for (const stored of ['{x', '', 'null', '7', '{"etag":1}']) {
  t.test(`a damaged journal counts as no journal (${stored})`, async (t) => {
    const journal = await journalWith(t, { value: { getItem: () => stored } })
    t.equal(journal.read(), null)
  })
}

t.test('the speed is that of the last seconds, and of nothing while nothing arrives', async (t) => {
  const { Speed } = (await import(`${MODULES}speed.js`)) as {
    Speed: new (clock: () => number) => { add(bytes: number): void; perSecond: number | null }
  }
  let now = 0
  const speed = new Speed(() => now)
  t.equal(speed.perSecond, null)
  for (now = 0; now <= 4000; now += 1000) speed.add(100)
  now = 4000
  t.equal(speed.perSecond, 100)
  now = 5000
  t.ok(Number(speed.perSecond) < 100, 'it falls when nothing arrives')
  now = 8000
  t.equal(speed.perSecond, null)
})

t.test('of several tasks only the last is still wanted', async (t) => {
  const { latest } = (await import(`${MODULES}latest.js`)) as { latest: () => () => () => boolean }
  const begin = latest()
  const first = begin()
  t.equal(first(), true)
  const second = begin()
  t.same([first(), second()], [false, true])
})
