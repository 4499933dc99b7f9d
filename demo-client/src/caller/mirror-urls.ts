// The URLs of mirrors, read from the options of a caller. Pure.
import { DownloadError } from '../errors.ts'
import { itemsOf, reading } from './check-arguments.ts'

/** No list of mirrors is longer. */
const MAX_MIRRORS = 100

/**
 * The URLs as text, without blanks around them. Whether they can be fetched is checked with the URL of the download.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` for anything but a list of URLs
 */
export function mirrorsOf(given: unknown): readonly string[] {
  const items = reading('mirrors', () =>
    Array.isArray(given) ? itemsOf(given as Iterable<unknown>, MAX_MIRRORS + 1) : null,
  )
  if (items !== null && items.length > MAX_MIRRORS)
    throw new DownloadError('ERR_DOWNLOAD_USAGE', `there may be ${MAX_MIRRORS} mirrors, and no more`)
  return items?.map(urlOf) ?? notUrls()
}

function urlOf(item: unknown): string {
  if (typeof item === 'string') return item.trim()
  const isObject = typeof item === 'object' && item !== null
  const href: unknown = isObject ? reading('mirrors', () => Reflect.get(item, 'href')) : null
  return typeof href === 'string' ? href : notUrls()
}

function notUrls(): never {
  throw new DownloadError('ERR_DOWNLOAD_USAGE', 'mirrors must be an array of URLs')
}
