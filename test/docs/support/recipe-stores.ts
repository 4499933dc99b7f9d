// The stores that the recipes of the plugin's README read from.
import type { Test } from 'tap'
import { LONG_AGO, Origin } from '../../plugin/upstream/support/origin.ts'
import { HELLO } from './recipe-files.ts'
import type { Placeholders } from './snippet.ts'

/** Starts a server for each store. Returns the URLs that replace those of the README. They stop with the test. */
export async function recipeStores(t: Test): Promise<Placeholders> {
  process.env['AWS_ACCESS_KEY_ID'] = 'key'
  process.env['AWS_SECRET_ACCESS_KEY'] = 'secret'
  const stored = { bytes: Buffer.from(HELLO), etag: '"1"', lastModified: LONG_AGO }
  const s3 = await Origin.start(t, ({ headers }, response) => {
    if (headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=key/') === true) return false
    response.writeHead(403).end()
    return true
  })
  s3.objects.set('/films/hello.txt', stored)
  // The client of the SDK is given no endpoint, as on AWS.
  process.env['AWS_ENDPOINT_URL_S3'] = s3.url
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'
  const server = await Origin.start(t)
  server.objects.set('/hello.txt', stored)
  return { 'https://s3.store.example': s3.url, 'https://files.internal.example': server.url }
}
