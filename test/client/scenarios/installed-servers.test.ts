// Real servers with configurations that people use.
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeContent } from '../support/hostile-server.ts'
import { startApache, startNginx, without } from '../support/installed-servers.ts'
import { get } from '../support/run.ts'

const CONTENT = makeContent(6 * 1024 * 1024)
const OPTIONS = { retries: 5, retryDelay: 50, stallTimeout: 5000 }

/** One folder for the files of the server, and one for the downloads. */
function foldersOf(t: Test): { dir: string; out: string } {
  const parent = t.testdir({ files: {}, out: {} })
  const dir = join(parent, 'files')
  for (const name of ['file.bin', 'a.tar.gz']) {
    writeFileSync(join(dir, name), CONTENT)
    utimesSync(join(dir, name), 1_700_000_000, 1_700_000_000)
  }
  return { dir, out: join(parent, 'out') }
}

t.test('files of nginx are downloaded', { skip: without('nginx') }, async (t) => {
  for (const status of [503, 403, 429]) {
    t.test(`a download uses one connection where others get ${status}`, async (t) => {
      const { dir, out } = foldersOf(t)
      const url = await startNginx(
        t,
        dir,
        `limit_conn_zone $server_name zone=all:1m;
         server { listen PORT; root FILES; limit_conn all 1; limit_conn_status ${status};
           limit_rate 4m; }`,
      )
      const end = await get(`${url}/file.bin`, out, { ...OPTIONS, connections: 4 })
      sameBytes(t, end.file, CONTENT, end.message)
    })
  }

  for (const status of [403, 405, 501]) {
    t.test(`the whole file is asked for after ${status} to any Range`, async (t) => {
      const { dir, out } = foldersOf(t)
      const url = await startNginx(
        t,
        dir,
        `server { listen PORT; root FILES; if ($http_range) { return ${status}; } }`,
      )
      const end = await get(`${url}/file.bin`, out, OPTIONS)
      sameBytes(t, end.file, CONTENT, end.message)
    })
  }

  t.test('the condition is left out after 412 to any If-Range', async (t) => {
    const { dir, out } = foldersOf(t)
    const url = await startNginx(
      t,
      dir,
      'server { listen PORT; root FILES; if ($http_if_range) { return 412; } }',
    )
    const end = await get(`${url}/file.bin`, out, { ...OPTIONS, segmentSize: 1_000_000 })
    sameBytes(t, end.file, CONTENT, end.message)
  })
})

t.test('files of Apache are downloaded', { skip: without('apache2') }, async (t) => {
  t.test('an archive with a content coding is downloaded (AddEncoding x-gzip .gz)', async (t) => {
    const { dir, out } = foldersOf(t)
    const url = await startApache(t, dir, 'AddEncoding x-gzip .gz .tgz')
    const end = await get(`${url}/a.tar.gz`, out, OPTIONS)
    sameBytes(t, end.file, CONTENT, end.message)
  })

  t.test(
    'parts of several nodes are joined by their common ETag (each has another Last-Modified)',
    async (t) => {
      const { dir, out } = foldersOf(t)
      mkdirSync(join(dir, 'other'))
      writeFileSync(join(dir, 'other', 'file.bin'), CONTENT)
      utimesSync(join(dir, 'other', 'file.bin'), 1_600_000_000, 1_600_000_000)
      const url = await startApache(
        t,
        dir,
        `Header set ETag "\\"v1\\""
       RewriteEngine on
       RewriteCond %{HTTP:Range} "bytes=[1357]"
       RewriteRule ^/file.bin$ ${dir}/other/file.bin
       RequestHeader unset If-Range`,
      )
      const end = await get(`${url}/file.bin`, out, { ...OPTIONS, segmentSize: 1_000_000 })
      sameBytes(t, end.file, CONTENT, end.message)
      t.equal(end.result?.etag, '"v1"')
    },
  )
})
