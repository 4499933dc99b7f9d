// How often a folder is read for the names of state in it.
import t from 'tap'
import { FolderNames } from '#client/claim/folder-names.js'

/** More than are read for each file. */
const MANY = Array.from({ length: 1001 }, (_, index) => `${index}.bin`)
const FEW = MANY.slice(1)

/** A folder whose names, and the time that reading them takes, can be changed. */
function folder(names: readonly string[] | null, { readMs = 10 } = {}) {
  const state = { names, reads: 0, now: 0, readMs }
  const read = async (): Promise<readonly string[] | null> => {
    state.reads++
    const got = state.names
    await Promise.resolve()
    state.now += state.readMs
    return got
  }
  const found = new FolderNames(read, () => state.now)
  const of = async (path: string) => {
    const got = await found.of(path)
    return got === null ? null : { ...got, names: got.names.all }
  }
  return { state, names: { of } }
}

t.test('a folder with few names is read each time', async (t) => {
  const { state, names } = folder([...FEW.slice(1), 'a.part'])
  t.strictSame(await names.of('/x'), { names: ['a.part'], isCurrent: true })
  state.names = ['b.part']
  t.strictSame(await names.of('/x'), { names: ['b.part'], isCurrent: true })
  t.equal(state.reads, 2)
})

t.test('a folder with many names is read again after fifty times as long as that took', async (t) => {
  const { state, names } = folder([...MANY, 'a.part'])
  t.strictSame(await names.of('/x'), { names: ['a.part'], isCurrent: true })
  state.names = [...MANY, 'b.part']
  t.strictSame(await names.of('/x'), { names: ['a.part'], isCurrent: false })
  state.now += 499
  t.strictSame(await names.of('/x'), { names: ['a.part'], isCurrent: false })
  state.now += 1
  t.strictSame(await names.of('/x'), { names: ['b.part'], isCurrent: true })
  t.equal(state.reads, 2)
})

t.test('a folder that takes long to read is read again after thirty seconds', async (t) => {
  const { state, names } = folder(MANY, { readMs: 3000 })
  await names.of('/x')
  state.now += 29_999
  t.equal((await names.of('/x'))?.isCurrent, false)
  state.now += 1
  t.equal((await names.of('/x'))?.isCurrent, true)
})

t.test('those who ask while it is read again wait for that', async (t) => {
  const { state, names } = folder(MANY)
  await names.of('/x')
  state.now += 500
  state.names = [...MANY, 'b.part']
  const got = await Promise.all([1, 2, 3].map(async () => await names.of('/x')))
  t.equal(state.reads, 2)
  for (const each of got) t.strictSame(each?.names, ['b.part'])
  t.equal(got.filter((each) => each?.isCurrent).length, 1, 'it is current for the one that read it')
})

t.test('a folder that has few names by now is read each time again', async (t) => {
  const { state, names } = folder(MANY)
  await names.of('/x')
  state.names = FEW
  state.now += 500
  t.equal((await names.of('/x'))?.isCurrent, true)
  t.equal((await names.of('/x'))?.isCurrent, true)
  t.equal(state.reads, 3)
})

t.test('each folder has its own names', async (t) => {
  const { state, names } = folder([...MANY, 'a.part'])
  await names.of('/x')
  state.names = [...MANY, 'b.part']
  t.strictSame(await names.of('/y'), { names: ['b.part'], isCurrent: true })
  t.strictSame(await names.of('/x'), { names: ['a.part'], isCurrent: false })
  t.strictSame(await names.of('/y'), { names: ['b.part'], isCurrent: false })
  state.now += 500
  await names.of('/y')
  t.strictSame(await names.of('/x'), { names: ['b.part'], isCurrent: true }, 'old names are dropped')
})

t.test('a folder that cannot be read has no names', async (t) => {
  const { state, names } = folder(null)
  t.equal(await names.of('/x'), null)
  state.names = MANY
  await names.of('/x')
  state.names = null
  state.now += 500
  t.equal(await names.of('/x'), null)
  state.names = FEW
  t.strictSame(await names.of('/x'), { names: [], isCurrent: true })
})
