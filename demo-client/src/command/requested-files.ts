// The files that a command line asks for: those of its URLs, and those of its lists, with their names and digests.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DownloadError, type DownloadOptions, type FileRequest, type MetalinkFile } from '../index.ts'
import type { ChecksumList } from '../lists/checksum-of.ts'
import { type ListedFile, type ListItem, ListLines } from '../lists/list-lines.ts'
import { nameOfLine, SeenNames } from '../lists/seen-names.ts'
import { nameFromUrl, safeName } from '../state/file-name.ts'
import { publicUrl } from '../text/public-url.ts'
import type { Job, SeveralOptions } from './arguments.ts'
import type { ReadMetalink } from './metalink-input.ts'
import { linesOf, nameOfList } from './read-text.ts'

/** A file to download. */
export interface RequestedFile extends FileRequest {
  readonly url: string
  /** Where it was asked for: `LIST:3`. */
  readonly place: string
}

/** A line that cannot be used. */
export interface Fault {
  readonly fault: DownloadError
}

/** What decides about names and digests. */
export interface RequestContext {
  readonly several: SeveralOptions
  readonly jobs: readonly Job[]
  /** The directory of files without a path. */
  readonly directory: string
  readonly metalinks: readonly ReadMetalink[]
  readonly checksums: ChecksumList | null
  /** `checksum`, `mirrors` and `resumeKey` are about the only file, or those of the command line. */
  readonly options: Pick<DownloadOptions, 'checksum' | 'mirrors' | 'resumeKey'>
}

/** `'checked'`: without what can be read only once. `'all'`: everything. */
export type RequestScope = 'checked' | 'all'

/** Reads every file, in the order of the command line: URLs first, then the lists, then the Metalinks. @throws DownloadError */
export async function* requestedFiles(
  context: RequestContext,
  scope: RequestScope,
): AsyncGenerator<RequestedFile | Fault, void, undefined> {
  const requests = new Requests(context)
  for (const { url, destination } of context.jobs) {
    const path = typeof destination === 'string' ? destination : null
    yield requests.of({ url, out: null, checksum: null, line: 0 }, { place: COMMAND_LINE, path })
  }
  for (const list of context.several.lists) {
    if (scope === 'checked' && !canReadTwice(list)) continue
    const place = nameOfList(list)
    const lines = new ListLines()
    const items = (found: readonly ListItem[]) =>
      found.map((item) =>
        item.kind === 'fault'
          ? fault(nameOfLine(place, item.line), item.message)
          : requests.of(item, { place, path: null }),
      )
    for await (const text of linesOf(list)) yield* items(lines.add(text))
    yield* items(lines.end())
  }
  for (const { place, files } of context.metalinks)
    for (const file of files) yield requests.described(file, place)
}

const COMMAND_LINE = 'the command line'

/** A pipe cannot. Its lines are checked as they come. What is no list, or cannot be looked at, is reported when it is read. */
function canReadTwice(list: string): boolean {
  if (list === '-') return false
  try {
    const stats = statSync(list)
    return !stats.isFIFO() && !stats.isCharacterDevice() && !stats.isSocket()
  } catch {
    return true
  }
}

interface Origin {
  /** The list. */
  readonly place: string
  /** The path that the caller chose, or null. */
  readonly path: string | null
}

/** Turns lines into requests, and finds names that are given twice. */
class Requests {
  readonly #context: RequestContext
  readonly #seen = new SeenNames()

  constructor(context: RequestContext) {
    this.#context = context
  }

  of({ url, out, checksum, line }: Omit<ListedFile, 'kind'>, { place, path }: Origin): RequestedFile | Fault {
    const where = nameOfLine(place, line)
    const { checksums, directory, options } = this.#context
    const given = checksum ?? options.checksum
    try {
      const target = parsed(url)
      const listed = checksums === null || given !== undefined ? null : checksums.of(target, out)
      const named =
        path ?? pathBelow(directory, out ?? (listed === null ? null : nameOf(listed.path, target)))
      const wrong = named === null ? null : this.#seen.add(named, { place, line })
      if (wrong !== null) return fault(where, wrong)
      const digest = listed === null ? given : `${listed.digest.algorithm}=${listed.digest.value}`
      return {
        url,
        place: where,
        destination: named ?? { directory },
        ...{ checksum: digest, mirrors: options.mirrors, resumeKey: options.resumeKey },
      }
    } catch (error) {
      if (error instanceof DownloadError) return fault(line === 0 ? null : where, error.message)
      throw error
    }
  }

  /** A file of a Metalink. Its own hash comes before a file of checksums, as that of a list does. */
  described({ name, ...file }: MetalinkFile, place: string): RequestedFile | Fault {
    const wrong = this.#seen.add(file.destination, { place, line: 0 })
    if (wrong !== null) return fault(place, wrong)
    const { checksums } = this.#context
    try {
      const listed =
        checksums === null || file.checksum !== undefined ? null : checksums.of(new URL(file.url), name)
      const { digest } = listed ?? {}
      return { ...file, ...(digest ? { checksum: `${digest.algorithm}=${digest.value}` } : {}), place }
    } catch (error) {
      if (error instanceof DownloadError) return fault(place, error.message)
      throw error
    }
  }
}

/** @param where null if the message has a URL of the command line */
function fault(where: string | null, message: string): Fault {
  return { fault: new DownloadError('ERR_DOWNLOAD_USAGE', `${where === null ? '' : `${where}: `}${message}`) }
}

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` */
function parsed(url: string): URL {
  if (URL.canParse(url)) return new URL(url)
  throw new DownloadError('ERR_DOWNLOAD_USAGE', `not a URL: ${publicUrl(url)}`)
}

function pathBelow(directory: string, name: string | null): string | null {
  return name === null ? null : join(directory, name)
}

/** The last part of a path in a file of checksums. A digest alone has no path. */
function nameOf(path: string, url: URL): string {
  return path === '' ? nameFromUrl(url) : safeName(path)
}
