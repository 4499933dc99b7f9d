import { execFileSync } from 'node:child_process'
import {
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type EtagFacts, fileSource, type RangePluginOptions } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { descriptorsBelow, serve, until } from '../support/serve.ts'
import { FORMS, type Form, MODIFIED, makeFolder, NAMES, writeForm } from './support/compressed-forms.ts'

interface Asked {
  readonly status: number
  readonly fields: Readonly<Record<string, unknown>>
  readonly bytes: Buffer
}

type Ask = (headers: Record<string, string>, url?: string) => Promise<Asked>

async function serveFolder(t: Test, plugin: RangePluginOptions): Promise<Ask> {
  const { app } = await serve(t, { plugin: { precompressed: true, ...plugin } })
  return async (headers, url = '/app.js') => {
    const { statusCode, headers: fields, rawPayload } = await app.inject({ url, headers })
    return { status: statusCode, fields, bytes: rawPayload }
  }
}

const GZIP = { 'accept-encoding': 'gzip' }

/** Puts something in the place of `app.js.gz` that is no variant of `app.js`. */
const NO_VARIANTS: Readonly<Record<string, (root: string, gz: string) => unknown>> = {
  'a folder': (_root, gz) => mkdirSync(gz),
  'a FIFO': (_root, gz) => execFileSync('mkfifo', [gz]),
  'an empty file': (_root, gz) => writeFileSync(gz, ''),
  'a link to nothing': (_root, gz) => symlinkSync('nothing', gz),
  'a link in a circle': (_root, gz) => symlinkSync('app.js.gz', gz),
  'a symbolic link to the file itself': (_root, gz) => symlinkSync('app.js', gz),
  'another name of the file itself': (root, gz) => linkSync(join(root, 'app.js'), gz),
  'a link to a file that the system generates': (_root, gz) => symlinkSync('/proc/self/status', gz),
}

for (const [name, put] of Object.entries(NO_VARIANTS)) {
  t.test(`${name} is not a variant`, async (t) => {
    const root = makeFolder(t, ['identity'])
    put(root, join(root, NAMES.gzip))
    const { status, fields, bytes } = await (await serveFolder(t, { root }))(GZIP)
    t.equal(status, 200)
    t.equal(fields['content-encoding'], undefined)
    sameBytes(t, bytes, FORMS.identity)
  })
}

t.test('a variant out of the root is not sent, and one by a link inside the root is', async (t) => {
  const base = makeFolder(t, ['gzip'])
  const root = join(base, 'root')
  mkdirSync(root)
  writeForm(root, 'identity')
  const inside = join(root, 'app.js.gz')
  symlinkSync(join('..', NAMES.gzip), inside)
  const ask = await serveFolder(t, { root })
  t.equal((await ask(GZIP)).fields['content-encoding'], undefined, 'out of the root')
  rmSync(inside)
  mkdirSync(join(root, 'stored'))
  writeFileSync(join(root, 'stored', 'a'), FORMS.gzip)
  symlinkSync('stored/a', inside)
  t.equal((await ask(GZIP)).fields['content-encoding'], 'gzip', 'inside the root')
})

t.test('a variant of what is not served is not sent', async (t) => {
  const root = t.testdir({ folder: {}, outside: {} })
  writeFileSync(join(root, '.secret'), 'secret')
  for (const name of ['.secret.gz', 'gone.js.gz', 'folder.gz', '.folder.gz'])
    writeFileSync(join(root, name), FORMS.gzip)
  const ask = await serveFolder(t, { root })
  for (const [url, status] of [
    ['/.secret', 404],
    ['/gone.js', 404],
    ['/folder', 404],
    ['/.folder', 404],
    ['/', 400],
    ['/x%2f..%2fgone.js', 404],
  ] as const) {
    const answer = await ask(GZIP, url)
    t.equal(answer.status, status, url)
    t.equal(answer.fields['content-encoding'], undefined, url)
  }
  const denied = await serveFolder(t, { root, dotfiles: 'deny' })
  t.equal((await denied(GZIP, '/.secret')).status, 403)
  const allowed = await serveFolder(t, { root, dotfiles: 'allow' })
  t.equal((await allowed(GZIP, '/.secret')).fields['content-encoding'], 'gzip')
})

t.test('a name that is too long with its suffix has no variant', async (t) => {
  const root = t.testdir({})
  const name = 'n'.repeat(254)
  writeFileSync(join(root, name), 'text')
  const answer = await (await serveFolder(t, { root }))(GZIP, `/${name}`)
  t.equal(answer.status, 200)
  t.equal(answer.fields['vary'], undefined)
})

t.test('a compressed file that is asked for by its own name is sent as it is', async (t) => {
  const root = makeFolder(t, ['identity', 'gzip'])
  const { fields, bytes } = await (await serveFolder(t, { root }))(GZIP, '/app.js.gz')
  t.equal(fields['content-encoding'], undefined)
  t.equal(fields['content-type'], 'application/gzip')
  sameBytes(t, bytes, FORMS.gzip)
})

t.test('the same bytes in two codings have two tags', async (t) => {
  for (const etag of ['stat', 'content', () => 'v1', () => '"v1"'] as const) {
    const root = makeFolder(t, ['identity', 'gzip'])
    linkSync(join(root, NAMES.gzip), join(root, NAMES.br))
    const ask = await serveFolder(t, { root, etag })
    const tags = []
    for (const form of ['identity', 'gzip', 'br']) {
      const { fields } = await ask({ 'accept-encoding': form })
      t.match(fields['etag'], /^"/)
      tags.push(fields['etag'])
    }
    t.equal(new Set(tags).size, 3, tags.join(' '))
    if (typeof etag === 'function') t.strictSame(tags, ['"v1"', '"v1-gzip"', '"v1-br"'])
  }
})

t.test(
  'a function for tags gets the path of the file, and size, date and coding of the variant',
  async (t) => {
    const root = makeFolder(t, ['identity', 'gzip'])
    const later = new Date('2021-01-01T00:00:00Z')
    utimesSync(join(root, NAMES.gzip), later, later)
    const seen: EtagFacts[] = []
    const etag = (facts: EtagFacts): string => {
      seen.push(facts)
      return 'W/"v1"'
    }
    const ask = await serveFolder(t, { root, etag })
    t.equal((await ask(GZIP)).fields['etag'], 'W/"v1-gzip"')
    t.equal((await ask({})).fields['etag'], 'W/"v1"')
    t.strictSame(seen, [
      { path: 'app.js', size: FORMS.gzip.length, mtimeMs: later.getTime(), coding: 'gzip' },
      { path: 'app.js', size: FORMS.identity.length, mtimeMs: MODIFIED.getTime() },
    ])
  },
)

t.test('a variant without a tag has ranges, and no If-Range applies', async (t) => {
  for (const options of [{ etag: false }, { etag: (): false => false }] as const) {
    const root = makeFolder(t, ['identity', 'gzip'])
    const ask = await serveFolder(t, { root, ...options })
    t.equal((await ask({ ...GZIP, range: 'bytes=0-3' })).status, 206)
    const date = String((await ask(GZIP)).fields['last-modified'])
    for (const validator of [date, '"v1"', '"-gzip"'])
      t.equal((await ask({ ...GZIP, range: 'bytes=0-3', 'if-range': validator })).status, 200, validator)
  }
})

t.test('the date of a file that has a variant continues nothing and confirms nothing', async (t) => {
  const ask = await serveFolder(t, { root: makeFolder(t, ['identity', 'gzip']) })
  for (const accepted of [GZIP, {}]) {
    const { status, fields } = await ask(accepted)
    const date = String(fields['last-modified'])
    t.equal(status, 200)
    t.equal((await ask({ ...accepted, range: 'bytes=0-3', 'if-range': date })).status, 200)
    t.equal((await ask({ ...accepted, 'if-modified-since': date })).status, 200)
    t.equal((await ask({ ...accepted, 'if-unmodified-since': date })).status, 412)
  }
})

t.test(
  'a download goes on with its form when a better one appears, and begins again when it is gone',
  async (t) => {
    const root = makeFolder(t, ['identity', 'gzip'])
    const ask = await serveFolder(t, { root })
    const accepted = { 'accept-encoding': 'gzip, br' }
    const tag = String((await ask(accepted)).fields['etag'])
    writeForm(root, 'br')
    const newcomer = await ask(accepted)
    t.equal(newcomer.fields['content-encoding'], 'br', 'others get the better one')
    for (const condition of ['if-range', 'if-match']) {
      const resumed = await ask({ ...accepted, range: 'bytes=100-', [condition]: tag })
      t.equal(resumed.status, 206)
      t.equal(resumed.fields['content-encoding'], 'gzip')
      sameBytes(t, resumed.bytes, FORMS.gzip.subarray(100))
    }
    const alone = await ask({ ...accepted, range: 'bytes=100-' })
    t.equal(
      alone.fields['content-range'],
      `bytes 100-${FORMS.br.length - 1}/${FORMS.br.length}`,
      'a Range alone',
    )
    rmSync(join(root, NAMES.gzip))
    const begun = await ask({ ...accepted, range: 'bytes=100-', 'if-range': tag })
    t.equal(begun.status, 200)
    t.equal(begun.fields['content-encoding'], 'br')
    sameBytes(t, begun.bytes, FORMS.br)
  },
)

t.test('a download of the file itself goes on when a variant appears', async (t) => {
  for (const etag of ['stat', 'content'] as const) {
    const root = makeFolder(t, ['identity'])
    const ask = await serveFolder(t, { root, etag })
    const tag = String((await ask(GZIP)).fields['etag'])
    writeForm(root, 'gzip')
    const resumed = await ask({ ...GZIP, range: 'bytes=100-', 'if-range': tag })
    t.equal(resumed.status, 206)
    t.equal(resumed.fields['content-encoding'], undefined)
    sameBytes(t, resumed.bytes, FORMS.identity.subarray(100))
  }
})

t.test(
  'a variant is not used any more when the file is replaced, and again when it is made again',
  async (t) => {
    const root = makeFolder(t, ['identity', 'gzip'])
    const ask = await serveFolder(t, { root })
    const tag = String((await ask(GZIP)).fields['etag'])
    writeFileSync(join(root, 'new'), 'new text')
    renameSync(join(root, 'new'), join(root, NAMES.identity))
    const replaced = await ask({ ...GZIP, range: 'bytes=0-3', 'if-range': tag })
    t.equal(replaced.status, 200)
    t.equal(replaced.fields['content-encoding'], undefined)
    t.equal(replaced.bytes.toString(), 'new text')
    writeForm(root, 'gzip', new Date())
    t.equal((await ask(GZIP)).fields['content-encoding'], 'gzip')
  },
)

t.test('a variant that is rewritten has another tag', async (t) => {
  for (const etag of ['stat', 'content'] as const) {
    const root = makeFolder(t, ['identity', 'gzip'])
    const ask = await serveFolder(t, { root, etag })
    const before = String((await ask(GZIP)).fields['etag'])
    const bytes = Buffer.from(FORMS.gzip)
    bytes[20] = (bytes[20] ?? 0) ^ 1
    writeFileSync(join(root, NAMES.gzip), bytes)
    const answer = await ask({ ...GZIP, range: 'bytes=0-3', 'if-range': before })
    t.equal(answer.status, 200)
    sameBytes(t, answer.bytes, bytes)
    truncateSync(join(root, NAMES.gzip), 0)
    t.equal((await ask(GZIP)).fields['content-encoding'], undefined)
  }
})

t.test('a file that index or extensions have found has its own variants', async (t) => {
  const root = makeFolder(t, [])
  for (const name of ['index.html', 'page.html', 'page.gz']) writeFileSync(join(root, name), 'text')
  for (const name of ['index.html.gz', 'page.html.gz']) writeFileSync(join(root, name), FORMS.gzip)
  const source = fileSource({ root, precompressed: true })
  for (const options of [{ root }, { source }]) {
    const ask = await serveFolder(t, { ...options, index: 'index.html', extensions: ['.html'] })
    for (const url of ['/', '/page']) {
      const { status, fields, bytes } = await ask(GZIP, url)
      t.equal(status, 200, url)
      t.equal(fields['content-encoding'], 'gzip')
      t.equal(fields['content-type'], 'text/html; charset=utf-8')
      t.equal(fields['vary'], 'Accept-Encoding')
      sameBytes(t, bytes, FORMS.gzip)
    }
  }
})

t.test('a source of an application that passes calls on gets the file itself', async (t) => {
  const root = makeFolder(t, ['identity', 'gzip'])
  const files = fileSource({ root, precompressed: true })
  const ask = await serveFolder(t, { source: { open: (path, context) => files.open(path, context) } })
  const { fields, bytes } = await ask(GZIP)
  t.equal(fields['content-encoding'], undefined)
  t.equal(fields['vary'], undefined)
  sameBytes(t, bytes, FORMS.identity)
})

t.test('no form stays open after its answers', { skip: process.platform !== 'linux' }, async (t) => {
  const forms: readonly Form[] = ['identity', 'gzip', 'br', 'zstd']
  const root = makeFolder(t, forms)
  for (const etag of ['stat', 'content', () => 'v1'] as const) {
    const ask = await serveFolder(t, { root, etag, maxOpenFiles: 0 })
    const tag = String((await ask(GZIP)).fields['etag'])
    for (let round = 0; round < 10; round++) {
      await Promise.all([
        ask(GZIP),
        ask({}),
        ask({ 'accept-encoding': '*', range: 'bytes=0-3', 'if-range': tag }),
        ask({ 'accept-encoding': '*', range: 'bytes=0-3', 'if-range': '"x"' }),
        ask({ 'accept-encoding': '*', 'if-match': '"x"' }),
        ask({ ...GZIP, 'if-none-match': tag }),
      ])
    }
    await until(() => descriptorsBelow(root) === 0)
  }
  const failing = await serveFolder(t, {
    root,
    maxOpenFiles: 0,
    etag: ({ coding }) => {
      if (coding === undefined) return 'v1'
      throw new Error('no tag')
    },
  })
  t.equal((await failing(GZIP)).status, 500)
  t.equal((await failing({ ...GZIP, 'if-range': '"x"' })).status, 500)
  await until(() => descriptorsBelow(root) === 0)
})
