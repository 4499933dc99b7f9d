// --check: says of each file whether it is there and has its digest. It sends no request.
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DownloadError, verifyFile } from '../index.ts'
import type { ChecksumList } from '../lists/checksum-of.ts'
import { nameFromUrl } from '../state/file-name.ts'
import { publicUrl } from '../text/public-url.ts'
import { readRequest, type SeveralContext } from './get-several.ts'
import { type Fault, type RequestContext, type RequestedFile, requestedFiles } from './requested-files.ts'

/** A file to verify. */
interface Expected {
  readonly path: string
  readonly checksum: string
}

/** Verifies all files. Returns the status of the first failure, or 0. @throws DownloadError before the first file */
export async function checkFiles(context: SeveralContext): Promise<number> {
  const { createDisplay, report, signal } = context
  const { request, notes } = await readRequest(context)
  const display = createDisplay(null)
  for (const note of notes) display.note(note)
  let [status, done, failed, received] = [0, 0, 0, 0]
  for await (const each of expectedFiles(request)) {
    try {
      if ('fault' in each) throw each.fault
      const verified = await verifyFile(each.path, each.checksum, { signal })
      display.verified(verified)
      done++
      received += verified.size
    } catch (error) {
      const found = report(error, null, display.line)
      failed++
      if (status === 0) status = found
      if (signal.aborted) break
    }
  }
  display.end({ done, failed, received, isStopped: signal.aborted })
  return status
}

async function* expectedFiles(request: RequestContext): AsyncGenerator<Expected | Fault, void, undefined> {
  const { jobs, several, checksums, directory } = request
  if (jobs.length + several.lists.length + several.metalinks.length === 0) {
    if (checksums !== null) yield* allOf(checksums, directory)
    return
  }
  for await (const each of requestedFiles(request, 'all')) {
    if ('fault' in each) yield each
    else if (each.checksum === undefined) yield fault(`${each.place}: ${publicUrl(each.url)} has no checksum`)
    else yield { path: pathOf(each, directory), checksum: each.checksum }
  }
}

function pathOf({ destination, url }: Pick<RequestedFile, 'destination' | 'url'>, directory: string): string {
  return typeof destination === 'string' ? destination : join(directory, nameFromUrl(new URL(url)))
}

/** Every file of a list, as `sha256sum -c` looks for them; or in the directory itself, where a download puts them. */
async function* allOf(
  list: ChecksumList,
  directory: string,
): AsyncGenerator<Expected | Fault, void, undefined> {
  for (const { path, digest } of list.files) {
    const checksum = `${digest.algorithm}=${digest.value}`
    if (path === '') {
      yield fault('the file of checksums names no file; give its URL as well')
      continue
    }
    const full = resolve(directory, path)
    const flat = join(directory, path.slice(path.lastIndexOf('/') + 1))
    const isThere = await stat(full).then(
      () => true,
      () => false,
    )
    yield { path: isThere ? full : flat, checksum }
  }
}

function fault(message: string): Fault {
  return { fault: new DownloadError('ERR_DOWNLOAD_USAGE', message) }
}
