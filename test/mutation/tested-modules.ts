/**
 * A module whose mutants are tried, and the tests that are to notice: tables, which run in a moment and are the same
 * each time. What only a random test notices is not proven to be noticed.
 */
export interface TestedModule {
  /** Without extension, as built. */
  readonly module: string
  readonly tests: readonly string[]
}

/** The modules where a mistake would be a wrong answer or a wrong file. */
export const TESTED_MODULES: readonly TestedModule[] = [
  {
    module: 'plugin/dist/rules/range-set',
    tests: ['plugin/rules/range-set', 'plugin/rules/decision', 'plugin/rules/linear-work'],
  },
  {
    module: 'plugin/dist/rules/preconditions',
    tests: ['plugin/rules/preconditions'],
  },
  {
    module: 'plugin/dist/rules/entity-tag',
    tests: ['plugin/rules/entity-tag', 'plugin/rules/preconditions'],
  },
  {
    module: 'plugin/dist/rules/http-date',
    // The first begins with the first date that a process writes.
    tests: ['plugin/rules/http-date', 'plugin/rules/preconditions'],
  },
  { module: 'plugin/dist/rules/decision', tests: ['plugin/rules/decision'] },
  { module: 'plugin/dist/rules/wanted', tests: ['plugin/rules/wanted'] },
  { module: 'plugin/dist/rules/accept-encoding', tests: ['plugin/rules/accept-encoding'] },
  { module: 'plugin/dist/rules/named-version', tests: ['plugin/rules/named-version'] },
  { module: 'plugin/dist/rules/vary', tests: ['plugin/rules/vary'] },
  { module: 'plugin/dist/rules/hand-over', tests: ['plugin/rules/hand-over'] },
  { module: 'plugin/dist/rules/digest-algorithm', tests: ['plugin/rules/digest-algorithm'] },
  { module: 'plugin/dist/rules/checksum-list', tests: ['plugin/rules/checksum-list'] },
  { module: 'plugin/dist/rules/cache-control', tests: ['plugin/rules/cache-control'] },
  { module: 'plugin/dist/rules/folder-location', tests: ['plugin/rules/folder-location'] },
  { module: 'demo-client/dist/state/blocks', tests: ['client/state/blocks'] },
  { module: 'demo-client/dist/state/segments', tests: ['client/state/segments'] },
  { module: 'demo-client/dist/state/window', tests: ['client/state/window'] },
  { module: 'demo-client/dist/state/name-key', tests: ['client/state/name-key'] },
  { module: 'demo-client/dist/state/untouched', tests: ['client/state/untouched'] },
  { module: 'demo-client/dist/rules/verdict', tests: ['client/rules/verdict', 'client/rules/verdict-kinds'] },
  { module: 'demo-client/dist/rules/shortened-part', tests: ['client/rules/shortened-part'] },
  { module: 'demo-client/dist/rules/whole-length', tests: ['client/rules/whole-length'] },
  {
    module: 'demo-client/dist/rules/content-range',
    tests: ['client/rules/verdict', 'client/rules/verdict-kinds', 'client/rules/content-range'],
  },
  {
    module: 'demo-client/dist/rules/validators',
    tests: ['client/rules/validators', 'client/rules/vouched', 'client/rules/verdict-kinds'],
  },
  { module: 'demo-client/dist/text/argument-values', tests: ['client/text/argument-values'] },
  { module: 'demo-client/dist/text/nearest-name', tests: ['client/text/nearest-name'] },
  { module: 'demo-client/dist/text/option-limits', tests: ['client/text/option-limits'] },
  { module: 'demo-client/dist/rules/vouched', tests: ['client/rules/vouched'] },
  { module: 'demo-client/dist/rules/same-file', tests: ['client/rules/same-file'] },
  { module: 'demo-client/dist/rules/majority', tests: ['client/rules/majority'] },
  { module: 'demo-client/dist/rules/server-choice', tests: ['client/rules/server-choice'] },
  { module: 'demo-client/dist/rules/linked-file', tests: ['client/rules/linked-file'] },
  { module: 'demo-client/dist/rules/older-digests', tests: ['client/rules/older-digests'] },
  { module: 'demo-client/dist/rules/whole-digests', tests: ['client/rules/whole-digests'] },
  { module: 'demo-client/dist/rules/attempts', tests: ['client/rules/attempts'] },
  {
    module: 'demo-client/dist/content/named-content',
    tests: ['client/content/named-content', 'client/content/file-formats'],
  },
  { module: 'demo-client/dist/rules/header-line-repair', tests: ['client/rules/header-line-repair'] },
  { module: 'demo-client/dist/rules/content-coding', tests: ['client/rules/content-coding'] },
  { module: 'demo-client/dist/content/file-formats', tests: ['client/content/file-formats'] },
  { module: 'demo-client/dist/state/journal-format', tests: ['client/state/journal-format'] },
  { module: 'demo-client/dist/rules/min-rate', tests: ['client/rules/min-rate'] },
  { module: 'demo-client/dist/rules/no-proxy', tests: ['client/rules/no-proxy'] },
  { module: 'demo-client/dist/text/progress-line', tests: ['client/text/progress-line'] },
  { module: 'demo-client/dist/rules/proxy-error', tests: ['client/rules/proxy-error'] },
  {
    module: 'demo-client/dist/content/media-types',
    tests: ['client/content/media-types', 'client/content/stand-in', 'client/rules/verdict'],
  },
  { module: 'demo-client/dist/content/stand-in', tests: ['client/content/stand-in'] },
  { module: 'demo-client/dist/rules/netrc', tests: ['client/rules/netrc'] },
  { module: 'demo-client/dist/rules/socks-failure', tests: ['client/rules/socks-failure'] },
  { module: 'demo-client/dist/rules/pem', tests: ['client/rules/pem'] },
  { module: 'demo-client/dist/rules/update', tests: ['client/rules/update'] },
  { module: 'demo-client/dist/state/update-record', tests: ['client/state/update-record'] },
  { module: 'demo-client/dist/state/sealed-text', tests: ['client/state/update-record'] },
  { module: 'demo-client/dist/state/state-paths', tests: ['client/state/state-paths'] },
  {
    module: 'demo-client/dist/text/text-width',
    tests: ['client/text/text-width', 'client/text/progress-line'],
  },
  { module: 'demo-client/dist/rules/tunnel-head', tests: ['client/rules/tunnel-head'] },
  { module: 'demo-client/dist/lists/list-lines', tests: ['client/lists/list-lines'] },
  { module: 'demo-client/dist/lists/inside-name', tests: ['client/lists/inside-name'] },
  { module: 'demo-client/dist/state/inside-name', tests: ['client/lists/inside-name'] },
  { module: 'demo-client/dist/rules/expected-file', tests: ['client/rules/expected-file'] },
  { module: 'demo-client/dist/metalink/metalink-document', tests: ['client/metalink/metalink-document'] },
  { module: 'demo-client/dist/metalink/metalink-hashes', tests: ['client/metalink/metalink-hashes'] },
  { module: 'demo-client/dist/metalink/xml-elements', tests: ['client/metalink/xml-elements'] },
  { module: 'demo-client/dist/metalink/document-text', tests: ['client/metalink/document-text'] },
  { module: 'demo-client/dist/lists/checksum-lines', tests: ['client/lists/checksum-lines'] },
  {
    module: 'demo-client/dist/lists/checksum-of',
    tests: ['client/lists/checksum-of', 'client/lists/checksum-lines'],
  },
  { module: 'demo-client/dist/lists/seen-names', tests: ['client/lists/seen-names'] },
  { module: 'demo-client/dist/disk/write-sizes', tests: ['client/disk/write-sizes'] },
]
