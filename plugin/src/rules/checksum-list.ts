// Both are linear: what precedes a name ends at one place only.
/** `DIGEST  NAME` and `DIGEST *NAME`, as `sha256sum` writes them, or the digest alone. */
const PLAIN = /^([0-9a-f]+)(?:(?: [ *]|[ \t]+(?![ \t]))(.+))?$/i
/** `SHA256 (NAME) = DIGEST`, as `sha256sum --tag` and BSD write it. */
const TAGGED = /^SHA(256|512) \((.+)\) = ([0-9a-f]+)$/i

/** Which line of a list of checksums is meant. */
export interface ListedFile {
  /** The name of the file, without a folder. */
  readonly name: string
  /** Length of the digest in bytes. */
  readonly digestBytes: number
  /**
   * `list`: the lines have names, below the folder of the list. `one file`: the list is about this file only. Then the name
   * may be missing, or be a path of the machine that made it.
   */
  readonly of: 'list' | 'one file'
}

/**
 * The digest of a file in a list of checksums, in base64. Undefined if the list does not have the file, or has two
 * different digests for it. Lines that mean nothing here are skipped, such as those of other algorithms.
 */
export function listedDigest(text: string, file: ListedFile): string | undefined {
  const found = new Set<string>()
  for (const line of text.split('\n')) {
    // Most lines are about other files. A list of short lines has a million.
    if (line.length < 2 * file.digestBytes) continue
    const listed = lineOf(line.replace(/\r$/, ''))
    if (listed !== undefined && hasAlgorithm(listed, file) && isOf(listed.name, file))
      found.add(listed.digest.toLowerCase())
  }
  const [digest, ...others] = found
  return digest === undefined || others.length > 0 ? undefined : Buffer.from(digest, 'hex').toString('base64')
}

interface Line {
  readonly digest: string
  readonly name: string | undefined
  /** Of the digest, as the line says. */
  readonly bits?: number
}

function lineOf(line: string): Line | undefined {
  const tagged = TAGGED.exec(line)
  if (tagged !== null) return { digest: String(tagged[3]), name: tagged[2], bits: Number(tagged[1]) }
  const plain = PLAIN.exec(line)
  return plain === null ? undefined : { digest: String(plain[1]), name: plain[2] }
}

function hasAlgorithm({ digest, bits }: Line, { digestBytes }: ListedFile): boolean {
  return digest.length === 2 * digestBytes && (bits === undefined || bits === 8 * digestBytes)
}

function isOf(listed: string | undefined, { name, of }: ListedFile): boolean {
  if (of === 'list') return listed === name || listed === `./${name}`
  return listed === undefined || listed.slice(listed.lastIndexOf('/') + 1) === name
}
