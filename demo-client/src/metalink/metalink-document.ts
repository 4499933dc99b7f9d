// What a Metalink document says about files (RFC 5854). Pure. The parser is loaded for it.
//
// A document may come from a stranger. So the name of a file must be a path below the directory of the download, and nothing
// that it says about a file is taken for true before the bytes show it.
import { messageOf } from '../errors.ts'
import type { Digests } from '../rules/digest.ts'
import type { Pieces } from '../rules/expected-file.ts'
import { reasonOutside } from '../state/inside-name.ts'
import { usage } from './document-fault.ts'
import { hashesOf, piecesOf, wholeNumber } from './metalink-hashes.ts'
import {
  attributeOf,
  childrenNamed,
  type Element,
  localName,
  namespaceOf,
  rootOf,
  textOf,
} from './xml-elements.ts'

const NAMESPACE = 'urn:ietf:params:xml:ns:metalink'
const NAMESPACE_OF_3 = 'http://www.metalinker.org/'

/** The most URLs of one file: the first one, and its mirrors. */
const MAX_URLS = 101
/** RFC 5854 §4.2.16.2: 1 is the best, and one without a priority is the last. */
const LAST_PRIORITY = 999_999

/** A file that a document describes. */
export interface DescribedFile {
  /** A path below the directory of the download, with slashes. */
  readonly name: string
  /** Its http and https URLs, the preferred one first. At least one. */
  readonly urls: readonly [string, ...string[]]
  /** In bytes, or null. */
  readonly size: number | null
  readonly digests: Digests
  readonly pieces: Pieces | null
}

/** A document. */
export interface Metalink {
  readonly files: readonly DescribedFile[]
  /** What of it is not used, as sentences. */
  readonly notes: readonly string[]
}

/** What is counted for notes. */
interface Unused {
  metaurls: number
  otherUrls: number
  tooMany: number
  signatures: number
}

/**
 * Reads a document.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if it is not a Metalink 4 document, or for the first file that is described wrongly
 */
export async function metalinkIn(text: string): Promise<Metalink> {
  const root = await rootOf(text)
  assertVersion(root)
  const unused: Unused = { metaurls: 0, otherUrls: 0, tooMany: 0, signatures: 0 }
  const files: DescribedFile[] = []
  const names = new Set<string>()
  for (const element of childrenNamed(root, 'file')) {
    const name = (attributeOf(element, 'name') ?? '').normalize('NFC')
    const file = describedBy(element, name, unused)
    // RFC 5854 §4.1.2.1: the names of several files are different.
    if (names.has(name)) throw usage(`it has two files with the name ${name}`)
    names.add(name)
    files.push(file)
  }
  // RFC 5854 §4.1.1: there is at least one.
  if (files.length === 0) throw usage('it describes no file')
  return { files, notes: notesOn(unused) }
}

function assertVersion(root: Element): void {
  const namespace = namespaceOf(root)
  if (localName(root) !== 'metalink')
    throw usage(`it is not a Metalink: it is XML with the root ${root.name}`)
  if (namespace === NAMESPACE) return
  if (namespace === NAMESPACE_OF_3 || attributeOf(root, 'version')?.startsWith('3') === true)
    throw usage(
      'it is a Metalink 3, and only Metalink 4 (RFC 5854) is read. Its publisher may have a file .meta4',
    )
  throw usage(`it is not a Metalink 4: its namespace is not ${NAMESPACE}`)
}

function describedBy(element: Element, name: string, unused: Unused): DescribedFile {
  try {
    // RFC 5854 §4.1.2.1: "The path MUST NOT contain any directory traversal directives or information. The path MUST be
    // relative."
    const reason = reasonOutside(name)
    if (reason !== null) throw usage(`its name ${reason}`)
    const size = sizeOf(element)
    unused.metaurls += childrenNamed(element, 'metaurl').length
    unused.signatures += childrenNamed(element, 'signature').length
    return {
      name,
      urls: urlsOf(element, unused),
      size,
      digests: hashesOf(element),
      pieces: piecesOf(element, size),
    }
  } catch (error) {
    throw usage(`file ${JSON.stringify(name)}: ${messageOf(error)}`)
  }
}

function sizeOf(file: Element): number | null {
  const sizes = new Set(childrenNamed(file, 'size').map((each) => textOf(each)))
  if (sizes.size > 1) throw usage('it has two sizes')
  const [text] = sizes
  if (text === undefined) return null
  const size = wholeNumber(text)
  if (size === null) throw usage(`its size ${JSON.stringify(text.slice(0, 200))} is not a number`)
  return size
}

/** Those with the same priority stay in their order. */
function urlsOf(file: Element, unused: Unused): readonly [string, ...string[]] {
  const all = childrenNamed(file, 'url').map((element) => ({
    url: textOf(element),
    priority: priorityOf(element),
  }))
  const ordered = all.toSorted((a, b) => a.priority - b.priority).map(({ url }) => url)
  const urls = [...new Set(ordered.filter(isFetched))]
  unused.otherUrls += ordered.filter((url) => !isFetched(url)).length
  unused.tooMany += Math.max(0, urls.length - MAX_URLS)
  const [first, ...mirrors] = urls.slice(0, MAX_URLS)
  if (first === undefined) throw usage('it has no http or https URL')
  return [first, ...mirrors]
}

function isFetched(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}

function priorityOf(url: Element): number {
  const priority = wholeNumber((attributeOf(url, 'priority') ?? '').trim())
  return priority === null || priority < 1 ? LAST_PRIORITY : priority
}

function notesOn({ metaurls, otherUrls, tooMany, signatures }: Unused): readonly string[] {
  const notes: string[] = []
  if (metaurls > 0) notes.push(`its torrents and other descriptions (metaurl) are not used: ${metaurls}`)
  if (otherUrls > 0) notes.push(`its URLs that are neither http nor https are not used: ${otherUrls}`)
  if (tooMany > 0) notes.push(`no more than ${MAX_URLS} URLs of a file are used: ${tooMany} are not`)
  if (signatures > 0) notes.push('its signature is not checked')
  return notes
}
