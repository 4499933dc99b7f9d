import type { FastifyReply } from 'fastify'
import type { Settings } from './options.ts'
import { receivedTarget } from './request/received-target.ts'
import { isServedTarget, semicolonIn } from './request/target-check.ts'
import { folderLocation, isFolderTarget } from './rules/folder-location.ts'
import { isRefusal, type Refusal } from './rules/refusal.ts'
import { hasPlainFolders, pathOf } from './rules/target-spelling.ts'
import { closeOnce } from './sources/close-once.ts'
import type { Opener, Opening } from './sources/opener.ts'
import type { Representation } from './sources/source.ts'

/** What was opened. */
export interface FoundRepresentation {
  readonly kind: 'representation'
  /** Of the file: `index` and `extensions` lead to other paths than that of the call. */
  readonly path: string
  readonly representation: Representation
}

/** What a path leads to. The caller closes what was opened. */
export type Found =
  | FoundRepresentation
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Where to look, and how. */
export interface Search {
  readonly path: string
  readonly settings: Settings
  readonly opener: Opener
  readonly opening: Opening
}

const OK = 200

/**
 * Opens what a path leads to. With the options `extensions` and `index` more paths are tried, where nothing but a folder
 * is there:
 *
 * 1. the path with each of the extensions
 * 2. the index of the folder, if the URL ends in a slash. If it does not, and the folder has an index, the client is sent
 *    to the URL that does
 *
 * The caller closes the representation.
 */
export function findRepresentation(reply: FastifyReply, search: Search): Promise<Found> {
  const { path, settings } = search
  if (!isServedTarget(reply.request, path, settings)) return Promise.resolve(refused('second-spelling'))
  const isOnlyPath = settings.index === false && settings.extensions.length === 0
  return isOnlyPath ? openAt(path, search) : findAmong(reply, search)
}

async function findAmong(reply: FastifyReply, search: Search): Promise<Found> {
  const { path, settings } = search
  const { index, extensions } = settings
  if (index !== false && (path === '' || path.endsWith('/'))) return await findIndex(reply, search, index)
  const found = await openAt(path, search)
  if (!isNothing(found)) return found
  for (const extension of extensions) {
    const other = await openAt(path + extension, search)
    if (!isNothing(other)) return other
  }
  if (index === false) return found
  const inFolder = await findIndex(reply, search, index)
  return inFolder.kind === 'refused' ? found : inFolder
}

async function openAt(path: string, { opener, opening }: Search): Promise<Found> {
  const opened = await opener.open(path, opening)
  return isRefusal(opened) ? refused(opened) : { kind: 'representation', path, representation: opened }
}

/** Whether other paths may be tried. A dotfile, or a link out of the root, is refused for good. */
function isNothing(found: Found): boolean {
  return found.kind === 'refused' && ['missing', 'not-in-source', 'folder'].includes(found.refusal)
}

async function findIndex(reply: FastifyReply, search: Search, index: string): Promise<Found> {
  const { path, settings } = search
  const folder = path === '' || path.endsWith('/') ? path : `${path}/`
  const found = await openAt(folder + index, search)
  if (found.kind !== 'representation') return found
  const target = receivedTarget(reply.request.raw)
  const semicolon = semicolonIn(reply.request, target)
  if (isFolderTarget(target, semicolon)) return found
  const location = folderLocation(target, folder.slice(0, -1), semicolon)
  // Another URL than that of the folder, in a call that names the folder with its slash.
  if (location === undefined && folder === path) return found
  closeOnce(() => found.representation.close(), reply.log)()
  // A file may have a letter of its name encoded, a folder may not: the client would be sent to a 404.
  const isPlain = settings.targetSpelling === 'ignore' || hasPlainFolders(`${pathOf(target, semicolon)}/`)
  const isRedirected = isPlain && ['GET', 'HEAD'].includes(reply.request.method) && reply.statusCode === OK
  return location !== undefined && isRedirected ? { kind: 'redirect', location } : refused('folder')
}

function refused(refusal: Refusal): Found {
  return { kind: 'refused', refusal }
}
