import { bufferSource, fileSource, firstOf, type RangeSource } from 'fastify-send-range'
import t from 'tap'
import { descriptorsBelow, serve, until } from '../support/serve.ts'

const SOURCES: Readonly<Record<string, (root: string) => RangeSource>> = {
  bufferSource: () => bufferSource(Buffer.from('text')),
  fileSource: (root) => fileSource({ root }),
  firstOf: (root) => firstOf(fileSource({ root })),
}

for (const [name, make] of Object.entries(SOURCES)) {
  t.test(`a proxy may wrap the open of a source (${name})`, async (t) => {
    const source = make(t.testdir({ f: 'text' }))
    const asked: string[] = []
    const wrapped = new Proxy(source, {
      get: (target, property) => {
        if (property !== 'open') return Reflect.get(target, property)
        const open: RangeSource['open'] = (path, context) => {
          asked.push(path)
          return target.open(path, context)
        }
        return open
      },
    })
    const { app } = await serve(t, { plugin: { source: wrapped } })
    t.equal((await app.inject('/f')).body, 'text')
    t.strictSame(asked, ['f'])
  })

  t.test(`a replaced open of a source is called and checked (${name})`, async (t) => {
    const source = make(t.testdir({ f: 'text' }))
    const combined = firstOf(source)
    const [one, two] = [
      await serve(t, { plugin: { source } }),
      await serve(t, { plugin: { source: combined } }),
    ]
    const { open } = source
    for (const { app } of [one, two]) t.equal((await app.inject('/f')).body, 'text')
    source.open = () => ({ size: 'four', readAt: async () => 4, close() {} }) as never
    for (const { app } of [one, two]) {
      const answer = await app.inject('/f')
      t.equal(answer.statusCode, 500)
      t.equal(answer.json().code, 'ERR_RANGE_SOURCE')
    }
    source.open = open
    for (const { app } of [one, two]) t.equal((await app.inject('/f')).body, 'text')
  })
}

t.test('no source opens a file for a signal that is aborted already', async (t) => {
  const root = t.testdir({ f: 'text' })
  const files = fileSource({ root, maxOpenFiles: 0 })
  for (const source of [files, firstOf(files), firstOf({ open: () => undefined }, files)]) {
    const opening = async (): Promise<unknown> => source.open('f', { signal: AbortSignal.abort() })
    await t.rejects(opening, { code: 'ERR_RANGE_READ' })
    t.equal(descriptorsBelow(root), 0)
  }
})

t.test(
  'what a source opens is open until it is closed, also if the signal is aborted meanwhile',
  async (t) => {
    const root = t.testdir({ f: 'text' })
    const files = fileSource({ root, maxOpenFiles: 0 })
    for (const source of [files, firstOf(files), firstOf({ open: () => undefined }, files)]) {
      const controller = new AbortController()
      const opened = await source.open('f', { signal: controller.signal })
      controller.abort()
      t.equal(descriptorsBelow(root), 1)
      await opened?.close()
      await until(() => descriptorsBelow(root) === 0)
    }
  },
)
