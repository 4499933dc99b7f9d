import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { PositionalRepresentation, RangeSource } from 'fastify-send-range'

const CHUNK_BYTES = 64 * 1024
const ALGORITHM = 'aes-256-gcm'
const KEY = randomBytes(32)

interface Sealed {
  readonly nonce: Buffer
  readonly mark: Buffer
  readonly bytes: Buffer
}

/** A blob at rest: chunks of one length, each encrypted and authenticated by itself. */
export interface SealedBlob {
  readonly version: string
  readonly chunks: readonly Sealed[]
  readonly size: number
}

/** Encrypts. */
export function sealed(content: Buffer): SealedBlob {
  const chunks: Sealed[] = []
  for (let at = 0; at < content.length; at += CHUNK_BYTES) {
    const nonce = randomBytes(12)
    const cipher = createCipheriv(ALGORITHM, KEY, nonce)
    const bytes = Buffer.concat([cipher.update(content.subarray(at, at + CHUNK_BYTES)), cipher.final()])
    chunks.push({ nonce, mark: cipher.getAuthTag(), bytes })
  }
  return { version: randomBytes(8).toString('hex'), chunks, size: content.length }
}

function opened({ nonce, mark, bytes }: Sealed): Buffer {
  const decipher = createDecipheriv(ALGORITHM, KEY, nonce)
  decipher.setAuthTag(mark)
  return Buffer.concat([decipher.update(bytes), decipher.final()])
}

/** An example of a source: a read decrypts the one chunk that its position is in. */
export function encryptedSource(store: ReadonlyMap<string, SealedBlob>): RangeSource {
  return {
    async open(path): Promise<PositionalRepresentation | undefined> {
      const blob = store.get(path)
      if (blob === undefined) return undefined
      return {
        size: blob.size,
        etag: `"${blob.version}"`,
        async readAt(target, position) {
          const chunk = blob.chunks[Math.floor(position / CHUNK_BYTES)]
          if (chunk === undefined) return 0
          const within = position % CHUNK_BYTES
          const bytes = opened(chunk).subarray(within, within + target.length)
          target.set(bytes)
          return bytes.length
        },
        close() {},
      }
    },
  }
}
