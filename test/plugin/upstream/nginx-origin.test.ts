import { renameSync, writeFileSync } from 'node:fs'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { encodePath, httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { missing } from '../../docs/support/programs.ts'
import { CONTENT, keepsTheContract } from '../sources/support/contract.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/serve.ts'
import { startNginxOrigin } from './support/nginx-origin.ts'

const LONG_AGO_SECONDS = 784_111_777

/** An nginx that serves a file, and where it is. */
async function nginxWith(t: Test, more = ''): Promise<string> {
  const root = t.testdir({})
  for (const name of ['f.bin', 'a é+%.bin']) {
    writeFileSync(join(root, name), CONTENT)
    await utimes(join(root, name), LONG_AGO_SECONDS, LONG_AGO_SECONDS)
  }
  return startNginxOrigin(t, `root ${root};\n${more}`)
}

const skip = await missing('nginx', '-v')

t.test('files of nginx keep the contract of a source', { skip }, async (t) => {
  const origin = await nginxWith(t)
  await keepsTheContract(t, {
    source: () => httpSource({ url: (path) => `${origin}/${encodePath(path)}` }),
    absent: 'absent.bin',
  })
})

t.test('files of nginx without tags are pinned by their date', { skip }, async (t) => {
  const origin = await nginxWith(t, 'etag off;')
  const source = httpSource({ url: (path) => `${origin}/${encodePath(path)}` })
  const { app } = await serve(t, { plugin: { source } })
  const answer = await app.inject({ url: '/a%20%C3%A9+%25.bin', headers: { range: 'bytes=-4' } })
  t.equal(answer.statusCode, 206)
  t.equal(answer.headers.etag, undefined)
  t.strictSame(answer.rawPayload, CONTENT.subarray(-4))
  const { body } = await app.inject({ url: '/f.bin', headers: { range: 'bytes=0-1,-2' } })
  t.match(body, /content-range: bytes 0-1\/8388608/i)
})

t.test('nginx that compresses is asked not to', { skip }, async (t) => {
  const origin = await nginxWith(t, 'gzip on; gzip_types *; gzip_proxied any;')
  const source = httpSource({ url: (path) => `${origin}/${path}` })
  const { app } = await serve(t, { plugin: { source } })
  const answer = await app.inject({ url: '/f.bin', headers: { 'accept-encoding': 'gzip' } })
  t.equal(answer.headers['content-encoding'], undefined)
  t.equal(answer.rawPayload.equals(CONTENT), true)
})

t.test(
  'a file that is rewritten in place is a mixture of nginx; one that is renamed is not',
  { skip },
  async (t) => {
    // More than the buffers of both connections take.
    const [old, other] = [Buffer.alloc(64 * 1024 * 1024, 'a'), Buffer.alloc(64 * 1024 * 1024, 'b')]
    const root = t.testdir({})
    const origin = await startNginxOrigin(t, `root ${root};`)
    const source = httpSource({ url: (path) => `${origin}/${path}`, parkAfter: 600_000 })
    const { port } = await serve(t, { plugin: { source } })
    for (const [name, replace] of Object.entries({
      rewritten: (file: string) => writeFileSync(file, other, { flag: 'r+' }),
      renamed(file: string) {
        writeFileSync(`${file}.new`, other)
        renameSync(`${file}.new`, file)
      },
    })) {
      const file = join(root, name)
      writeFileSync(file, old)
      await utimes(file, LONG_AGO_SECONDS, LONG_AGO_SECONDS)
      const client = await RawClient.connect(port)
      client.request('GET', `/${name}`)
      await client.readHead()
      const first = await client.readBytes(1000)
      replace(file)
      const bytes = Buffer.concat([first, await client.readBytes(old.length - first.length)])
      t.equal(bytes.length, old.length)
      t.equal(bytes.includes('b'), name === 'rewritten', name)
      client.destroy()
    }
  },
)
