// Metalink documents for tests.
import { createHash } from 'node:crypto'

export const NAMESPACE = 'urn:ietf:params:xml:ns:metalink'

/** A document with this content. */
export const metalink = (content: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<metalink xmlns="${NAMESPACE}">${content}</metalink>`

export const hex = (bytes: Buffer, algorithm = 'sha256'): string =>
  createHash(algorithm).update(bytes).digest('hex')

/** What a document says about a file. */
export interface Described {
  readonly name?: string
  readonly size?: number | null
  /** Of the whole file: by name in the document and in Node.js. Default: `sha-256`. */
  readonly hashes?: readonly (readonly [type: string, algorithm: string])[]
  /** Null: without. */
  readonly pieces?: { readonly length: number; readonly type?: string; readonly algorithm?: string } | null
  readonly more?: string
}

/** A `file` element about `content`, in the form that MirrorBrain has. */
export function fileElement(content: Buffer, urls: readonly string[], described: Described = {}): string {
  const { name = 'file.bin', size = content.length, hashes = [['sha-256', 'sha256']], more = '' } = described
  const { pieces = null } = described
  const places = pieces === null ? [] : Array.from({ length: Math.ceil(content.length / pieces.length) })
  const { length = 0, type = 'sha-256', algorithm = 'sha256' } = pieces ?? {}
  const list = places.map((_, index) => {
    const bytes = content.subarray(index * length, (index + 1) * length)
    return `      <hash>${hex(bytes, algorithm)}</hash>`
  })
  return [
    `  <file name="${name}">`,
    ...(size === null ? [] : [`    <size>${size}</size>`]),
    ...hashes.map(([of, by]) => `    <hash type="${of}">${hex(content, by)}</hash>`),
    ...(pieces === null ? [] : [`    <pieces length="${length}" type="${type}">`, ...list, '    </pieces>']),
    ...urls.map((url, index) => `    <url location="de" priority="${index + 1}">${url}</url>`),
    more,
    '  </file>',
  ].join('\n')
}
