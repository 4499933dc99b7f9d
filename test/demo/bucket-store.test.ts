// `npm start -- --s3 URL` over a real store.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { says, startDemo, until, visit } from '../page/browser.ts'
import { sourceOf } from '../plugin/stores/support/served-store.ts'
import { Bucket } from '../support/stores/bucket.ts'
import { storeFor } from '../support/stores/shared-store.ts'
import type { Store } from '../support/stores/store.ts'
import { listening, start } from './server-process.ts'

const FILES = new URL('../files/', import.meta.resolve('demo-server'))
const NAMES = (await readdir(FILES)).sort()

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function environmentOf({ region, accessKeyId, secretAccessKey }: Store): NodeJS.ProcessEnv {
  return { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
}

/** What the command says when it refuses. */
async function refusalOf(url: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { output, exited } = start(['--port', '0', '--s3', url], env)
  t.same(await exited, { code: 5, signal: null })
  t.equal(output.stdout, '', 'it never claims to be ready')
  return output.stderr
}

async function refusals(t: Test, store: Store, bucket: Bucket): Promise<void> {
  const env = environmentOf(store)
  const url = `${store.endpoint}/${bucket.name}`
  t.match(await refusalOf(`${url}-`, env), 'there is no such bucket: check its name')
  t.match(
    await refusalOf(url, { ...env, AWS_SECRET_ACCESS_KEY: 'x' }),
    'is not the secret of this AWS_ACCESS_',
  )
  t.match(await refusalOf(url, { ...env, AWS_ACCESS_KEY_ID: 'x' }), 'does not know this AWS_ACCESS_KEY_ID')
}

async function copied(t: Test, store: Store, bucket: Bucket): Promise<void> {
  const env = environmentOf(store)
  const url = `${store.endpoint}/${bucket.name}/demo`
  const said = await refusalOf(url, env)
  t.match(said, new RegExp(`has no ${NAMES.join(', no ')}\\.\n`))
  const command = said.split('\n').find((line) => line.includes('curl')) ?? ''
  await promisify(execFile)('sh', ['-ec', command], { env: { ...process.env, ...env } })
  // Beside them, under a name that is not one of theirs.
  await bucket.put('demo/private.txt', Buffer.from('private'))

  const viaAws = { ...env, AWS_ENDPOINT_URL: store.endpoint }
  for (const [address, its] of [
    [url, env],
    [`s3://${bucket.name}/demo/`, viaAws],
  ] as const) {
    const server = start(['--port', '0', '--s3', address], its)
    t.teardown(() => server.child.kill())
    const origin = await listening(server)
    t.match(server.output.stdout, `from s3://${bucket.name}/demo/ at ${store.endpoint}`)
    const { otherPort } = (await (await fetch(`${origin}/settings`)).json()) as { otherPort: number }
    for (const base of [origin, `http://127.0.0.1:${otherPort}/recipe`]) {
      for (const name of NAMES) {
        const answer = Buffer.from(await (await fetch(`${base}/${name}`)).arrayBuffer())
        t.equal(sha256(answer), sha256(await readFile(new URL(name, FILES))), name)
      }
      t.equal((await fetch(`${base}/private.txt`)).status, 404, 'other objects are not served')
    }
    const part = await fetch(`${origin}/bd_logo.png`, { headers: { range: 'bytes=0-3' } })
    t.equal(part.headers.get('content-range'), 'bytes 0-3/7877')
    server.child.kill()
    t.same(await server.exited, { code: 0, signal: null })
  }
}

async function inBrowser(t: Test, store: Store, bucket: Bucket): Promise<void> {
  for (const name of NAMES) await bucket.put(name, await readFile(new URL(name, FILES)))
  const demo = await startDemo(t, 'Chromium', sourceOf(bucket, store))
  if (demo === undefined) return
  await visit(t, { demo }, async (page) => {
    await says(page, '#files-from', 'This server reads 2.txt, content.txt and bd_logo.png from a bucket.')
    await until(page, `document.querySelector('.logo').naturalWidth === 540`)
    await page.selectOption('#walk-pace', '1000')
    await page.click('#walk-toggle')
    await says(page, '#walk-status', /^[48] of 284/)
    await page.keyboard.press('p')
    await says(page, '#walk-status', 'Paused')
    await bucket.put('2.txt', Buffer.from('Another text, and a shorter one.'))
    await page.locator('h1').click()
    await page.keyboard.press('x')
    await says(page, '#walk-status', 'Complete: 32 bytes.')
    t.equal(await page.textContent('#walk-text'), 'Another text, and a shorter one.', 'a change is noticed')
    await page.click('#big-toggle')
    await says(page, '#big-story', 'Complete and the same, byte for byte')
    await page.getByRole('button', { name: 'The recipe' }).click()
    await says(page, '#origins-result .verdict', 'Everything that is needed to resume safely.')
  })
}

// The store may still be starting, beside other tests.
t.setTimeout(600_000)

t.test('the demo reads its files from a bucket', async (t) => {
  const store = await storeFor(t, 'ceph')
  if (store === undefined) return
  const bucket = await Bucket.make(t, store)
  await t.test('a wrong bucket or wrong keys are named', (t) => refusals(t, store, bucket))
  await t.test('it says how to copy the files, and serves them then', (t) => copied(t, store, bucket))
  await t.test('the page works in a browser, and says where its files are', (t) =>
    inBrowser(t, store, bucket),
  )
})
