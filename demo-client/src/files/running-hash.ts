// Hashes that take in a file piece by piece.
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { DIGEST_BYTES, type SentAlgorithm } from '../rules/digest.ts'
import type { GivenAlgorithm } from '../rules/expected-file.ts'
import { hasher } from '../rules/hasher.ts'
import { loadModule } from './load-module.ts'

/** A hash of consecutive bytes. */
export interface RunningHash {
  update(bytes: Buffer): void
  /** The digest in base64. Call it once. */
  digest(): string
}

/** A new hash for `algorithm`. */
export async function runningHash(algorithm: SentAlgorithm): Promise<RunningHash> {
  switch (algorithm) {
    case 'sha-512':
    case 'sha-256':
    case 'sha-1':
    case 'md5':
      return hashOfNode(algorithm)
    case 'crc32':
      return crcOfZlib()
    case 'crc32c':
    case 'crc64nvme':
      return await crcOfPackage(algorithm)
  }
}

/** The same for an algorithm of Node.js. */
export function hashOfNode(algorithm: GivenAlgorithm): RunningHash {
  const isOld = algorithm === 'sha-1' || algorithm === 'md5'
  const hash = isOld ? createHash(algorithm === 'md5' ? 'md5' : 'sha1') : hasher(algorithm)
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest('base64') }
}

function crcOfZlib(): RunningHash {
  let crc = 0
  return {
    update: (bytes) => {
      crc = crc32(bytes, crc)
    },
    digest: () => {
      const bytes = Buffer.alloc(DIGEST_BYTES.crc32)
      bytes.writeUInt32BE(crc)
      return bytes.toString('base64')
    },
  }
}

/** The CRCs that Node.js does not have, by their reflected polynomials. The package is loaded only if a server sends one. */
async function crcOfPackage(algorithm: 'crc32c' | 'crc64nvme'): Promise<RunningHash> {
  const { createCRC32, createCRC64 } = await loadModule(() => import('hash-wasm'))
  const hash = await (algorithm === 'crc32c' ? createCRC32(0x82f63b78) : createCRC64('9a6c9329ac4bc9b5'))
  hash.init()
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => Buffer.from(hash.digest('binary')).toString('base64'),
  }
}
