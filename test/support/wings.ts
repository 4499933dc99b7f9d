// The wings of each package: folders of its `src/`, each of which is a stage. `test/architecture.test.ts` holds the
// sources to this table.
import { readdirSync } from 'node:fs'
import { REPOSITORY } from './repository.ts'

/** A folder. It has no folders in it and no index file. */
export interface Wing {
  /** What it is, in a few words. */
  readonly is: string
  /** Wings before this one in the table, a file of one of them (`wing/file.ts`), or a file beside the wings (`file.ts`). */
  readonly mayImport: readonly string[]
  /** Values in, values out: no input or output, not even by what is imported. */
  readonly isPure?: true
}

/** Where the files of a package may be. */
export interface Layout {
  /** The files beside the wings. They may import everything. */
  readonly top: readonly string[]
  /** What is imported stands before what imports it. */
  readonly wings: Readonly<Record<string, Wing>>
  /** Where the tests of the package are, below the repository. */
  readonly tests: string
  /** Folders of tests that are not about one wing, but about whole answers or whole downloads. */
  readonly suites: readonly string[]
}

const PLUGIN: Layout = {
  tests: 'test/plugin/',
  suites: ['http', 'fastify', 'every-byte', 'stores'],
  top: [
    'index.ts',
    'range-plugin.ts',
    'range-routes.ts',
    'contract.ts',
    'http.ts',
    's3.ts',
    'send-range.ts',
    'find-representation.ts',
    'send-content.ts',
    'answer-opening.ts',
    'options.ts',
    'option-table.ts',
    'option-row-types.ts',
    'settings.ts',
    'option-checks.ts',
    'own-properties.ts',
    'registration.ts',
    'send-hooks.ts',
    'events.ts',
    'log-line.ts',
    'errors.ts',
    'foreign-failure.ts',
    'ignore-rejection.ts',
    'linked-list.ts',
    'memory-bounds.ts',
    'dom-types.ts',
  ],
  wings: {
    rules: {
      is: 'what is decided, as values: RFC 9110, and which paths and spellings are served',
      mayImport: [],
      isPure: true,
    },
    request: {
      is: 'the fields and the target of a request',
      mayImport: ['rules'],
    },
    sources: {
      is: 'the interface of a source, the checks of your own sources, the source of bytes in memory, the first of several',
      mayImport: [
        'rules',
        'option-checks.ts',
        'own-properties.ts',
        'log-line.ts',
        'errors.ts',
        'foreign-failure.ts',
        'ignore-rejection.ts',
        'memory-bounds.ts',
      ],
    },
    files: {
      is: 'the source of files: paths, versions, tags, open descriptors, a cache of small ranges',
      mayImport: [
        'rules',
        'sources',
        'option-checks.ts',
        'option-row-types.ts',
        'errors.ts',
        'foreign-failure.ts',
        'memory-bounds.ts',
      ],
    },
    connection: {
      is: 'the connection of an answer: which answer is next, whether the client reads, when it is over; HTTP/1 and HTTP/2',
      mayImport: ['rules', 'linked-list.ts', 'memory-bounds.ts'],
    },
    guards: {
      is: 'checks that what is sent is what was decided, whatever hooks and middleware do to head and body',
      mayImport: ['rules', 'connection', 'log-line.ts', 'errors.ts'],
    },
    response: {
      is: 'status and fields, and which answer a reply belongs to',
      mayImport: [
        'rules',
        'request',
        'sources',
        'connection',
        'guards',
        'option-checks.ts',
        'log-line.ts',
        'errors.ts',
        'foreign-failure.ts',
        'ignore-rejection.ts',
      ],
    },
    upstream: {
      is: 'the sources of objects that another server has: its answers, connections, versions, healing of broken reads',
      mayImport: [
        'rules',
        'sources',
        'option-checks.ts',
        'option-row-types.ts',
        'own-properties.ts',
        'linked-list.ts',
        'errors.ts',
        'foreign-failure.ts',
        'ignore-rejection.ts',
      ],
    },
    body: {
      is: 'the bytes: read in one piece or in chunks, as fast as the client takes them',
      mayImport: [
        'rules',
        'sources',
        'connection',
        'guards',
        'linked-list.ts',
        'log-line.ts',
        'errors.ts',
        'memory-bounds.ts',
      ],
    },
    contract: {
      is: 'the cases that every source is held to, for authors of sources and any test runner',
      mayImport: ['rules', 'sources', 'errors.ts', 'index.ts'],
    },
  },
}

const CLIENT: Layout = {
  tests: 'test/client/',
  suites: ['scenarios'],
  top: [
    'index.ts',
    'download.ts',
    'download-run.ts',
    'download-handle.ts',
    'download-parts.ts',
    'node-transport.ts',
    'download-stream.ts',
    'file-store.ts',
    'fetch-verified.ts',
    'fetch-versions.ts',
    'finished-file.ts',
    'mirror-alone.ts',
    'mirror-errors.ts',
    'mirror-repair.ts',
    'mirror-suspicions.ts',
    'download-all.ts',
    'begin-file.ts',
    'downloads.ts',
    'read-metalink.ts',
    'verify-file.ts',
    'download-options.ts',
    'options.ts',
    'option-scopes.ts',
    'download-all-options.ts',
    'download-progress.ts',
    'download-result.ts',
    'errors.ts',
    'is-error.ts',
    'lazy.ts',
    'system-shortage.ts',
    'dom-types.ts',
  ],
  wings: {
    text: {
      is: 'text for people and from people: sizes, progress lines, warnings, values of a command line',
      mayImport: ['errors.ts', 'download-progress.ts', 'lazy.ts'],
      isPure: true,
    },
    content: {
      is: 'what the names and the first bytes of a file say: formats, and pages or errors in place of the file',
      mayImport: ['lazy.ts'],
      isPure: true,
    },
    rules: {
      is: 'what the RFCs say: fields, validators, ranges, the verdict on an answer; and limits of attempts and rates',
      mayImport: ['text/status-name.ts', 'content', 'errors.ts', 'is-error.ts'],
      isPure: true,
    },
    browser: {
      is: 'the rules for a page: the verdict on an answer of fetch()',
      mayImport: ['content', 'rules'],
      isPure: true,
    },
    state: {
      is: 'the state of a download, as values: blocks, the form of the journal, the names of all files',
      mayImport: ['rules', 'lazy.ts'],
      isPure: true,
    },
    lists: {
      is: 'the lines of lists of files and of files of checksums, and what they say about a URL',
      mayImport: ['rules', 'state', 'text', 'errors.ts'],
      isPure: true,
    },
    metalink: {
      is: 'Metalink documents, and what they say about files',
      mayImport: ['rules', 'state', 'errors.ts'],
      isPure: true,
    },
    batch: {
      is: 'many downloads at once: which file is next, how far they are, what became of each',
      mayImport: ['errors.ts', 'is-error.ts', 'download-progress.ts'],
    },
    caller: {
      is: 'the arguments of a caller, read safely: options, header fields, signals',
      mayImport: ['text/nearest-name.ts', 'rules/expected-file.ts', 'errors.ts'],
    },
    files: {
      is: 'single operations on files, made safe: open, flush, identify, read, write; descriptors and buffers',
      mayImport: ['caller', 'rules', 'state', 'errors.ts', 'is-error.ts', 'system-shortage.ts'],
    },
    claim: {
      is: 'who owns the state on the disk: lock, secret, journal, stale files, placeholder, the final name',
      mayImport: ['files', 'state', 'text', 'errors.ts', 'is-error.ts', 'lazy.ts', 'system-shortage.ts'],
    },
    disk: {
      is: 'the bytes on the disk: store, part file, writers, recovery, the path of the output',
      mayImport: ['claim', 'files', 'rules', 'state', 'text', 'errors.ts', 'system-shortage.ts'],
    },
    stream: {
      is: 'the bytes in order to a stream or a descriptor: where they wait, digests, outputs',
      mayImport: [
        'files',
        'rules',
        'state',
        'disk/byte-store.ts',
        'disk/resume-message.ts',
        'text/quantities.ts',
        'errors.ts',
      ],
    },
    connect: {
      is: 'connections: addresses, proxies, tunnels, sockets that are kept',
      mayImport: [
        'rules',
        'files/descriptors.ts',
        'files/load-module.ts',
        'errors.ts',
        'is-error.ts',
        'lazy.ts',
        'system-shortage.ts',
      ],
    },
    http: {
      is: 'one request and its answer, without ranges: redirects, head, body, trailers',
      mayImport: [
        'connect',
        'caller',
        'rules',
        'text',
        'state/file-name.ts',
        'files/load-module.ts',
        'errors.ts',
      ],
    },
    schedule: {
      is: 'which connection fetches what, when and how fast; what a failed attempt means for the next one',
      mayImport: [
        'http/answer.ts',
        'disk',
        'rules',
        'state',
        'text/quantities.ts',
        'text/status-name.ts',
        'errors.ts',
        'is-error.ts',
        'system-shortage.ts',
      ],
    },
    transfer: {
      is: 'the connections of a download: send requests, judge answers, store bodies',
      mayImport: [
        'schedule',
        'http/answer.ts',
        'http/target.ts',
        'disk',
        'state',
        'rules',
        'content',
        'caller',
        'files/descriptors.ts',
        'errors.ts',
      ],
    },
    progress: {
      is: 'the state and the speed of a download, for its caller',
      mayImport: ['transfer', 'disk', 'download-progress.ts'],
    },
    command: {
      is: 'range-get: arguments, display, keys, signals, exit status',
      mayImport: [
        'text',
        'lists',
        'state/file-name.ts',
        'files/descriptors.ts',
        'files/hanging-calls.ts',
        'stream/descriptor-output.ts',
        'download.ts',
        'index.ts',
        'download-options.ts',
        'options.ts',
        'errors.ts',
        'system-shortage.ts',
      ],
    },
    demo: {
      is: '`npm run demo`: the download of a file from the demo server in small steps',
      mayImport: ['command', 'text', 'files/descriptors.ts', 'index.ts', 'system-shortage.ts'],
    },
  },
}

/** By the folder of the package. */
export const LAYOUTS: Readonly<Record<string, Layout>> = { plugin: PLUGIN, 'demo-client': CLIENT }

/** The files of the wing `upstream/` of the plugin that decide, below `plugin/src/`. The others ask a store. */
export const PURE_UPSTREAM_FILES: readonly string[] = [
  'answer-head',
  'backoff',
  'content-range',
  'error-code',
  'first-request',
  'known-versions',
  'near-ranges',
  'object-key',
  'representation-digest',
  'verdict',
  'version',
].map((name) => `upstream/${name}.ts`)

/** The files of a package that are pure because of where they lie, by their paths below `src/`. */
export function pureFilesOf(folder: string): string[] {
  const pure = Object.entries(LAYOUTS[folder]?.wings ?? {}).filter(([, { isPure }]) => isPure)
  return pure.flatMap(([wing]) =>
    readdirSync(`${REPOSITORY}${folder}/src/${wing}`).map((name) => `${wing}/${name}`),
  )
}
