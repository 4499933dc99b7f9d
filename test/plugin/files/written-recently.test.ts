import t from 'tap'
import { type FileVersion, isWriteOver } from '#plugin/files/file-version.js'
import { VersionRanges } from '#plugin/files/range-cache.js'
import { serve } from '../support/serve.ts'

t.test('a write is taken for over some time after it began', async (t) => {
  const version = { ctimeNs: 1_000_000_000_000n } as FileVersion
  t.notOk(isWriteOver(version, 1_000_000))
  t.notOk(isWriteOver(version, 1_009_999))
  t.ok(isWriteOver(version, 1_010_000))
})

t.test('bytes are kept in memory only if they were read after the write was over', async (t) => {
  const root = t.testdir({ f: 'bytes of a file' })
  const { app } = await serve(t, { plugin: { root } })
  const kept = t.capture(VersionRanges.prototype, 'keep', VersionRanges.prototype.keep)
  const ask = async (): Promise<number> => {
    const answer = await app.inject({ url: '/f', headers: { range: 'bytes=0-3' } })
    t.equal(answer.body, 'byte')
    return kept().length
  }
  t.equal(await ask(), 0)
  const { now } = Date
  t.intercept(Date, 'now', { value: () => now() + 20_000 })
  t.equal(await ask(), 1)
})
