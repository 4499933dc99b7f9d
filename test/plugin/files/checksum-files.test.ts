import { createHash } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'

/** Digests that no file here has: an answer with one of these has believed a list. */
const LISTED = 'ab'.repeat(32)
const LONG_LISTED = 'cd'.repeat(64)
const OLD = new Date('2020-01-01T00:00:00Z')

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')
const BELIEVED = `sha-256=:${base64(LISTED)}:`
const hashOf = (bytes: string): string => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`

/** Longer than a tick of the clock of files. */
const LATER_MS = 30

/** A folder with a file, and after it its lists, served. */
async function serving(
  t: Test,
  lists: Readonly<Record<string, string>>,
  checksumFiles: 'ignore' | 'believe',
) {
  const root = t.testdir({ 'a.bin': 'content' })
  await sleep(LATER_MS)
  for (const [name, text] of Object.entries(lists)) writeFileSync(join(root, name), text)
  await sleep(LATER_MS)
  const { app } = await serve(t, { plugin: { root, checksumFiles } })
  const digest = async (want = 'sha-256=1', path = 'a.bin'): Promise<unknown> => {
    const { statusCode, headers } = await app.inject({
      method: 'HEAD',
      url: `/${path}`,
      headers: { 'want-repr-digest': want },
    })
    t.equal(statusCode, 200)
    return headers['repr-digest']
  }
  return { root, digest }
}

t.test('a list is believed by option only', async (t) => {
  const lists = { 'a.bin.sha256': LISTED }
  t.equal(await (await serving(t, lists, 'ignore')).digest(), hashOf('content'))
})

const BELIEVABLE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'NAME.sha256 with the digest alone': { 'a.bin.sha256': `${LISTED}\n` },
  'NAME.sha256 with a name': { 'a.bin.sha256': `${LISTED}  a.bin\n` },
  'SHA256SUMS of the folder': { SHA256SUMS: `${'00'.repeat(32)}  b.bin\n${LISTED}  a.bin\n` },
  'NAME.sha256 before SHA256SUMS': { 'a.bin.sha256': LISTED, SHA256SUMS: `${'00'.repeat(32)}  a.bin\n` },
  'SHA256SUMS if NAME.sha256 is about another': {
    'a.bin.sha256': `${'00'.repeat(32)}  b.bin`,
    SHA256SUMS: `${LISTED}  a.bin\n`,
  },
}

for (const [name, lists] of Object.entries(BELIEVABLE)) {
  t.test(`${name} is believed`, async (t) => {
    const { digest } = await serving(t, lists, 'believe')
    t.equal(await digest(), BELIEVED)
    t.equal(await digest(), BELIEVED, 'again')
  })
}

t.test('sha-512 is taken from lists of its own', async (t) => {
  const { digest } = await serving(
    t,
    { 'a.bin.sha512': LONG_LISTED, SHA256SUMS: `${LISTED}  a.bin` },
    'believe',
  )
  t.equal(await digest('sha-512=1'), `sha-512=:${base64(LONG_LISTED)}:`)
  t.equal(await digest('sha-256=1'), BELIEVED)
})

t.test('one list with both digests may have the names of both lists', async (t) => {
  const { root, digest } = await serving(
    t,
    { SHA256SUMS: `${LISTED}  a.bin\n${LONG_LISTED}  a.bin\n` },
    'believe',
  )
  linkSync(join(root, 'SHA256SUMS'), join(root, 'SHA512SUMS'))
  await sleep(LATER_MS)
  t.equal(await digest(), BELIEVED)
  t.equal(await digest('sha-512=1'), `sha-512=:${base64(LONG_LISTED)}:`)
})

t.test('a list of a folder may have the name of a list about one file too', async (t) => {
  const text = `${'00'.repeat(32)}  other/a.bin\n${LISTED}  a.bin\n`
  const { root, digest } = await serving(t, { SHA256SUMS: text }, 'believe')
  // About one file it would say two things, and counts as none.
  linkSync(join(root, 'SHA256SUMS'), join(root, 'a.bin.sha256'))
  await sleep(LATER_MS)
  t.equal(await digest(), BELIEVED)
})

const UNBELIEVABLE: Readonly<Record<string, (root: string) => void>> = {
  'a list that is older than the file': (root) => writeFileSync(join(root, 'a.bin'), 'content'),
  'a list whose mtime is older than that of the file': (root) =>
    utimesSync(join(root, 'a.bin.sha256'), OLD, OLD),
  'a list that is older than a change that keeps the mtime of the file': (root) => {
    utimesSync(join(root, 'a.bin'), OLD, OLD)
  },
  'a list that is older than a file that was moved there': (root) => {
    writeFileSync(join(root, 'new'), 'content')
    utimesSync(join(root, 'new'), OLD, OLD)
    renameSync(join(root, 'new'), join(root, 'a.bin'))
  },
  'a list with nothing about the file': (root) => writeFileSync(join(root, 'a.bin.sha256'), 'no digest'),
  'a list that is too long': (root) =>
    writeFileSync(join(root, 'a.bin.sha256'), `${LISTED}  a.bin\n${' '.repeat(1024 * 1024)}`),
  'a folder in the place of the list': (root) => {
    renameSync(join(root, 'a.bin.sha256'), join(root, 'elsewhere'))
    mkdirSync(join(root, 'a.bin.sha256'))
  },
  'a list out of the root': (root) => {
    renameSync(join(root, 'a.bin.sha256'), join(root, '..', 'list'))
    symlinkSync('../list', join(root, 'a.bin.sha256'))
  },
}

for (const [name, change] of Object.entries(UNBELIEVABLE)) {
  t.test(`${name} is not believed`, async (t) => {
    const { root, digest } = await serving(t, { 'a.bin.sha256': LISTED }, 'believe')
    t.equal(await digest(), BELIEVED, 'before')
    change(root)
    await sleep(LATER_MS)
    t.equal(await digest(), hashOf('content'))
  })
}

t.test('a list beside a symbolic link is not about the file that it leads to', async (t) => {
  const { root, digest } = await serving(t, { 'current.bin.sha256': LISTED }, 'believe')
  symlinkSync('a.bin', join(root, 'current.bin'))
  t.equal(await digest('sha-256=1', 'current.bin'), hashOf('content'))
})

t.test('a digest that was hashed is not replaced by a list', async (t) => {
  const { root, digest } = await serving(t, {}, 'believe')
  t.equal(await digest(), hashOf('content'))
  writeFileSync(join(root, 'a.bin.sha256'), LISTED)
  await sleep(LATER_MS)
  t.equal(await digest(), hashOf('content'))
  chmodSync(join(root, 'a.bin.sha256'), 0o600)
})

t.test('a list that is corrected is read again', async (t) => {
  const { root, digest } = await serving(t, { 'a.bin.sha256': '00'.repeat(32) }, 'believe')
  t.equal(await digest(), `sha-256=:${base64('00'.repeat(32))}:`)
  writeFileSync(join(root, 'a.bin.sha256'), LISTED)
  await sleep(LATER_MS)
  t.equal(await digest(), BELIEVED)
})
