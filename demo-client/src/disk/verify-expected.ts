// Compares a file with what its caller knows besides its checksum: the size, and the digests of its pieces.
import { DownloadError } from '../errors.ts'
import {
  type Expected,
  isProof,
  type Piece,
  type Pieces,
  pieceNames,
  sizeFault,
  wrongPieces,
} from '../rules/expected-file.ts'
import type { Verification, VerifiedDigest } from './verify-digests.ts'

/** Computes the digests of the pieces of a file. */
export interface FileInPieces {
  pieceDigests(pieces: Pieces, total: number): Promise<readonly string[]>
}

/**
 * What is known about the `total` bytes of the file, after its digests were compared and `found` that. Pieces are compared
 * if the file is wrong, to find out where, or if nothing else of the caller proves it.
 */
export async function verifyExpected(
  file: FileInPieces,
  total: number,
  { expected, found }: { readonly expected: Expected; readonly found: Verification },
): Promise<Verification> {
  const fault = sizeFault(expected, total)
  if (fault !== null) return wrong(`the file is not what it should be: it ${fault}`, [], 'as sent')
  const { pieces } = expected
  const isProven = found.kind === 'verified' && found.digest?.kind === 'checksum'
  if (pieces === null || isProven) return found
  const differing = wrongPieces(pieces, await file.pieceDigests(pieces, total), total)
  if (found.kind === 'wrong') return { ...found, wrongPieces: differing }
  if (differing.length === 0) return { kind: 'verified', digest: byPieces(found.digest, pieces) }
  const names = pieceNames(
    differing.map(({ number }) => number),
    pieces,
  )
  const message = `the file is not what it should be: the ${pieces.algorithm} of ${names} differs from the one that was asked for`
  return wrong(message, differing, found.digest?.kind === 'digest' ? 'as sent' : 'damaged')
}

/** What all pieces together prove, beside a digest of the server. */
function byPieces(digest: VerifiedDigest | null, { algorithm }: Pieces): VerifiedDigest {
  if (isProof(algorithm)) return { kind: 'checksum', algorithm }
  return digest ?? { kind: 'undamaged', algorithm }
}

function wrong(message: string, pieces: readonly Piece[], bytes: 'as sent' | 'damaged'): Verification {
  const error = new DownloadError('ERR_DOWNLOAD_DIGEST', message)
  return { kind: 'wrong', error, isAsSent: bytes === 'as sent', hasChecksum: false, wrongPieces: pieces }
}
