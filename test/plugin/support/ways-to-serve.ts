import { fileSource, firstOf, type RangePluginOptions, type RangeSource } from 'fastify-send-range'

/** Makes the plugin serve the same files in another way. */
export type FileWay = (options: RangePluginOptions) => RangePluginOptions

function throughSource(wrap: (files: RangeSource) => RangeSource): FileWay {
  return ({ root, dotfiles, etag, acceptRanges, precompressed, maxOpenFiles, ...others }) => {
    const given = Object.entries({ root, dotfiles, etag, acceptRanges, precompressed, maxOpenFiles })
    const options = Object.fromEntries(given.filter(([, value]) => value !== undefined))
    return { ...others, source: wrap(fileSource(options)) }
  }
}

/** The ways to serve files with what is built in. The answers must be the same. Dates of several sources are weak. */
export const FILE_WAYS = {
  'by root': (options) => options,
  'by fileSource': throughSource((files) => files),
  'by firstOf': throughSource((files) => firstOf(files)),
  'by firstOf in firstOf': throughSource((files) => firstOf(firstOf(files))),
} as const satisfies Readonly<Record<string, FileWay>>

/** A source of an application that passes calls on: it is held to the contract of every source. */
export const passedOn: FileWay = throughSource((files) => ({
  open: (path, context) => files.open(path, context),
}))

let current: FileWay = FILE_WAYS['by root']

/** Has every server of this process that serves a root serve it in another way. */
export function serveFiles(way: FileWay): void {
  current = way
}

/** The options of a server of a test. */
export function asServed(options: RangePluginOptions): RangePluginOptions {
  return options.source === undefined ? current(options) : options
}
