// Pages that nginx and Apache send in place of a file, and files that they send with the type of a page.
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DownloadError, type DownloadOptions, type DownloadResult, download } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { startApache, startNginx, without } from '../support/installed-servers.ts'
import { isRefused, PAGE } from '../support/stand-ins.ts'

const OPTIONS: DownloadOptions = { retryDelay: 50, stallTimeout: 5000 }
const HEADER = '{"__metadata__":{}}     '
const FILES: Readonly<Record<string, Buffer>> = {
  login: Buffer.from(PAGE),
  'small.safetensors': Buffer.concat([
    Buffer.from([HEADER.length, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from(HEADER),
  ]),
  'empty.zip': Buffer.alloc(0),
  'page.html.gz': gzipSync(PAGE),
}

/** One folder for the files of the server, and one for the downloads. */
function foldersOf(t: Test): { dir: string; out: string } {
  const parent = t.testdir({ files: {}, out: {} })
  const dir = join(parent, 'files')
  for (const [name, content] of Object.entries(FILES)) {
    writeFileSync(join(dir, name), content)
    utimesSync(join(dir, name), 1_700_000_000, 1_700_000_000)
  }
  return { dir, out: join(parent, 'out') }
}

async function isTaken(t: Test, url: string, out: string): Promise<void> {
  for (const [name, content] of Object.entries(FILES)) {
    await download(`${url}/${name}`, { directory: out }, OPTIONS).finished
    sameBytes(t, readFileSync(join(out, name)), content, name)
  }
}

async function end(url: string, directory: string): Promise<DownloadResult | DownloadError> {
  return await download(url, { directory }, OPTIONS).finished.catch((error: unknown) => {
    if (error instanceof DownloadError) return error
    throw error
  })
}

t.test(
  'a page that nginx sends for all errors is refused (as bytes or as text)',
  { skip: without('nginx') },
  async (t) => {
    for (const type of ['application/octet-stream', 'text/plain', '""']) {
      const { dir, out } = foldersOf(t)
      const url = await startNginx(
        t,
        dir,
        `server { listen PORT; root FILES; default_type ${type}; error_page 404 =200 /login; }`,
      )
      for (const name of ['m.safetensors', 'a.zip', 'a/b/c.iso'])
        isRefused(t, await end(`${url}/${name}`, out))
      t.strictSame(readdirSync(out), [])
      await isTaken(t, url, out)
    }
  },
)

t.test(
  'a page of Apache without a type is refused, and so is a compressed page with one',
  { skip: without('apache2') },
  async (t) => {
    const { dir, out } = foldersOf(t)
    const url = await startApache(
      t,
      dir,
      `AddType text/html .html
     AddEncoding x-gzip .gz
     RewriteEngine on
     RewriteRule ^/private/ /login`,
    )
    isRefused(t, await end(`${url}/private/m.gguf`, out))
    t.strictSame(readdirSync(out), [])
    await isTaken(t, url, out)
  },
)
