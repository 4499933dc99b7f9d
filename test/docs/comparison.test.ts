import { execFileSync } from 'node:child_process'
import { constants, readFileSync } from 'node:fs'
import { open, symlink, utimes, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { REPOSITORY } from '../support/repository.ts'
import { ask, connectionTo, type Where } from './support/ask.ts'
import { CONTENDERS } from './support/contenders.ts'
import { plain, readDocument, tableUnder } from './support/markdown.ts'
import { missing } from './support/programs.ts'
import { assertShape } from './support/table-shape.ts'

const HELLO = 'hello, ranges'
const MODIFIED_SECONDS = 784_111_777
/** More than the buffers of a connection can contain. */
const LARGE_BYTES = 48 * 1024 * 1024
const POLL_MS = 20

/** A server and the folder it serves. */
interface Served {
  readonly where: Where
  readonly root: string
}

/** Measures one property of a server, and returns it in the words of the README's table. */
type Probe = (served: Served) => Promise<string>

const statusOf =
  (headers: Record<string, string>, method = 'GET'): Probe =>
  async ({ where }) =>
    String((await ask(where, { url: '/hello.txt', method, headers })).status)

const isServed =
  (url: string): Probe =>
  async ({ where }) => {
    const { status, body } = await ask(where, { url })
    return status === 200 && body !== '' ? 'served' : String(status)
  }

const PROBES: Readonly<Record<string, Probe>> = {
  'several ranges in one request': async ({ where }) => {
    const { status, headers } = await ask(where, {
      url: '/long.txt',
      headers: { range: 'bytes=0-1,8-9' },
    })
    if (headers['content-type']?.startsWith('multipart/byteranges')) return `${status} multipart`
    return status === 200 ? '200, whole' : String(status)
  },
  ETag: async ({ where }) => {
    const { etag } = (await ask(where, { url: '/hello.txt' })).headers
    return etag === undefined ? 'none' : etag.startsWith('W/') ? 'weak' : 'strong'
  },
  'If-Range with a weak tag': async (served) => {
    const tag = await weakTagOf(served)
    return await statusOf({ range: 'bytes=0-1', 'if-range': tag })(served)
  },
  'If-Match with a weak tag': async (served) => {
    const tag = await weakTagOf(served)
    return await statusOf({ range: 'bytes=0-1', 'if-match': tag })(served)
  },
  'a suffix longer than the file': statusOf({ range: 'bytes=-50' }),
  'a malformed range, bytes=0-3x': statusOf({ range: 'bytes=0-3x' }),
  'HEAD with Range': statusOf({ range: 'bytes=0-3' }, 'HEAD'),
  'a file rewritten while a slow client reads': rewriteMeanwhile,
  'a symbolic link out of the root': isServed('/outside'),
  '%2F for a slash': isServed('/folder%2Fnested.txt'),
  'a FIFO in the folder': openFifo,
  'index.html of a folder': async (served) => ((await isServed('/')(served)) === 'served' ? 'yes' : 'no'),
  'precompressed files': async ({ where }) => {
    const { headers } = await ask(where, { url: '/hello.txt', headers: { 'accept-encoding': 'gzip' } })
    return headers['content-encoding'] === 'gzip' ? 'yes' : 'no'
  },
}

/** The tag of the file in its weak form, also if the server sends a strong one. */
async function weakTagOf({ where }: Served): Promise<string> {
  const { etag = '' } = (await ask(where, { url: '/hello.txt' })).headers
  return etag.startsWith('W/') ? etag : `W/${etag}`
}

/** The client reads its first bytes, the file is rewritten in place, the client reads the remaining bytes. */
async function rewriteMeanwhile({ where, root }: Served): Promise<string> {
  const path = join(root, 'large.bin')
  await writeFile(path, Buffer.alloc(LARGE_BYTES, 'a'))
  return await new Promise((resolve, reject) => {
    const sent = request({ ...connectionTo(where), path: '/large.bin' }, (response) => {
      const seen = new Set<number | undefined>()
      let bytes = 0
      response.once('data', (first: Buffer) => {
        response.pause()
        bytes += first.length
        seen.add(first[0])
        rewrite(path)
          .then(() =>
            response
              .on('data', (chunk: Buffer) => {
                bytes += chunk.length
                seen.add(chunk.at(-1))
              })
              .resume(),
          )
          .catch(reject)
      })
      response.once('error', () => resolve('cut'))
      response.once('end', () =>
        resolve(seen.size > 1 && bytes === LARGE_BYTES ? 'mixture' : `${seen.size} versions`),
      )
    })
    sent.once('error', reject).end()
  })
}

async function rewrite(path: string): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(LARGE_BYTES, 'b'), 0, LARGE_BYTES, 0)
  await file.close()
}

/** A FIFO can be opened for writing without waiting only if another process has opened it for reading, or is trying to. */
async function openFifo({ where, root }: Served): Promise<string> {
  const answer = ask(where, { url: '/fifo' }).then(
    ({ status }) => String(status),
    () => 'cut',
  )
  for (;;) {
    const settled = await Promise.race([answer, sleep(POLL_MS)])
    if (settled !== undefined) return settled
    const writer = await open(join(root, 'fifo'), constants.O_WRONLY | constants.O_NONBLOCK).catch(
      () => undefined,
    )
    if (writer === undefined) continue
    await writer.close()
    await answer
    return 'hangs'
  }
}

async function makeRoot(t: Test): Promise<string> {
  const root = t.testdir({
    'hello.txt': HELLO,
    'long.txt': HELLO.repeat(100),
    'hello.txt.gz': gzipSync(HELLO),
    'index.html': '<p>hello</p>',
    folder: { 'nested.txt': 'nested' },
  })
  await utimes(join(root, 'hello.txt'), MODIFIED_SECONDS, MODIFIED_SECONDS)
  await symlink('/etc/passwd', join(root, 'outside'))
  execFileSync('mkfifo', [join(root, 'fifo')])
  return root
}

const rows = tableUnder(readDocument('plugin/README.md'), 'Compared')
const noNginx = await missing('nginx', '-v')

t.test('the table has a row for each probe', async (t) => {
  assertShape(t, rows, { rows: Object.keys(PROBES), columns: Object.keys(CONTENDERS) })
})

t.test('the versions in the table are the installed ones', async (t) => {
  for (const [column, name] of [
    ['@fastify/static 10.1', '@fastify/static'],
    ['express.static 5.3', 'express'],
  ] as const) {
    const manifest = JSON.parse(readFileSync(`${REPOSITORY}node_modules/${name}/package.json`, 'utf8'))
    t.ok(manifest.version.startsWith(`${column.split(' ')[1]}.`), `${column}: ${manifest.version}`)
  }
})

for (const [name, start] of Object.entries(CONTENDERS)) {
  t.test(
    `${name} does what its column of the table says`,
    { skip: name === 'nginx' && noNginx },
    async (t) => {
      const root = await makeRoot(t)
      const where = await start(t, root)
      for (const row of rows) {
        const found = await PROBES[plain(row[''])]?.({ where, root })
        const cell = Object.entries(row).find(([column]) => plain(column) === name)?.[1]
        t.equal(found, cell, plain(row['']))
      }
    },
  )
}
