import { chmodSync, linkSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { serve } from '../support/serve.ts'

const OLD = new Date('2020-01-01T00:00:00Z')

/** Changes of a file that write no byte. */
const EXPLAINED: readonly { name: string; change: (root: string) => void; at: string }[] = [
  { name: 'chmod', change: (root) => chmodSync(join(root, 'f.txt'), 0o600), at: 'f.txt' },
  { name: 'ln', change: (root) => linkSync(join(root, 'f.txt'), join(root, 'g.txt')), at: 'f.txt' },
  { name: 'mv', change: (root) => renameSync(join(root, 'f.txt'), join(root, 'g.txt')), at: 'g.txt' },
]

for (const { name, change, at } of EXPLAINED) {
  t.test(`a tag is not given again to other bytes after a change that was seen (${name})`, async (t) => {
    const root = t.testdir({ 'f.txt': 'AAAAAAAAAA' })
    utimesSync(join(root, 'f.txt'), OLD, OLD)
    const { app } = await serve(t, { plugin: { root } })
    const { headers: first } = await app.inject('/f.txt')
    writeFileSync(join(root, 'f.txt'), 'other')
    const { headers: second } = await app.inject('/f.txt')
    change(root)
    const { headers: changed } = await app.inject(`/${at}`)
    t.equal(changed.etag, second.etag, 'the change keeps the tag')
    writeFileSync(join(root, at), 'BBBBBBBBBB', { flag: 'r+' })
    utimesSync(join(root, at), OLD, OLD)
    const resumed = await app.inject({
      url: `/${at}`,
      headers: { range: 'bytes=5-', 'if-range': String(first.etag) },
    })
    t.not(resumed.headers.etag, first.etag)
    t.equal(resumed.statusCode, 200)
    t.equal(resumed.body, 'BBBBBBBBBB')
  })
}

t.test('a date that goes back is weak, since an earlier version may have had it', async (t) => {
  const root = t.testdir({ 'f.txt': 'AAAAAAAAAA' })
  const path = join(root, 'f.txt')
  utimesSync(path, OLD, OLD)
  const { app } = await serve(t, { plugin: { root } })
  const date = String((await app.inject('/f.txt')).headers['last-modified'])
  const later = new Date('2021-01-01T00:00:00Z')
  writeFileSync(path, 'other')
  utimesSync(path, later, later)
  const second = await app.inject('/f.txt')
  const continued = await app.inject({
    url: '/f.txt',
    headers: { range: 'bytes=2-', 'if-range': String(second.headers['last-modified']) },
  })
  t.equal(continued.statusCode, 206, 'a later date is strong')
  writeFileSync(path, 'BBBBBBBBBB')
  utimesSync(path, OLD, OLD)
  for (let turn = 0; turn < 2; turn++) {
    const resumed = await app.inject({ url: '/f.txt', headers: { range: 'bytes=5-', 'if-range': date } })
    t.equal(resumed.statusCode, 200)
    t.equal(resumed.body, 'BBBBBBBBBB')
  }
  const unmodified = await app.inject({ url: '/f.txt', headers: { 'if-modified-since': date } })
  t.equal(unmodified.statusCode, 200, 'nor is it taken for unmodified')
})
