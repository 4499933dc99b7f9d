// AWS signature 4 of our own, from its specification: what the sources sign with is checked against another hand.
import { createHash, createHmac } from 'node:crypto'
import type { Store } from './store.ts'

/** A request to a store, before it is signed. */
export interface StoreRequest {
  readonly method: string
  /** Path and query, encoded, as they go out. */
  readonly target: string
  /** Names in lower case. All of them are signed. */
  readonly fields?: Readonly<Record<string, string>>
  /** The time of the signature. Default: now. */
  readonly date?: Date
}

/** The bytes of a body are not signed. */
const PAYLOAD = 'UNSIGNED-PAYLOAD'

/** The fields of a request, with Host, the date and the signature. */
export function signed(
  store: Store,
  { method, target, fields = {}, date = new Date() }: StoreRequest,
): Record<string, string> {
  const time = date.toISOString().replace(/[-:]|\.\d+/g, '')
  const all = {
    ...fields,
    host: new URL(store.endpoint).host,
    'x-amz-content-sha256': PAYLOAD,
    'x-amz-date': time,
  }
  const { accessKeyId, region } = store
  const names = Object.keys(all).sort().join(';')
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`
  const canonical = canonicalRequest(method, target, all)
  const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`
  const signature = hmac(signingKey(store, time.slice(0, 8)), text).toString('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return { ...all, authorization }
}

function canonicalRequest(method: string, target: string, fields: Readonly<Record<string, string>>): string {
  const [path, query = ''] = target.split('?')
  const parameters = query
    .split('&')
    .filter((each) => each !== '')
    .map((each) => (each.includes('=') ? each : `${each}=`))
    .sort()
  const names = Object.keys(fields).sort()
  const lines = names.map((name) => `${name}:${fields[name]?.trim()}\n`)
  return [method, path, parameters.join('&'), lines.join(''), names.join(';'), PAYLOAD].join('\n')
}

function signingKey({ secretAccessKey, region }: Store, day: string): Buffer {
  return [region, 's3', 'aws4_request'].reduce(hmac, hmac(Buffer.from(`AWS4${secretAccessKey}`), day))
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A path with each segment encoded once: all but the unreserved characters of RFC 3986 §2.3. */
export function encodedPath(path: string): string {
  const encoded = (each: string): string =>
    encodeURIComponent(each).replace(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  return path.split('/').map(encoded).join('/')
}
