// The options of range-get. What the command accepts, its help, the completion of shells, the manual page and the table in
// the README follow from this table.

/** The headings in the help, in their order. */
export const GROUPS = ['Output', 'Several files', 'Transfer', 'Retries and timeouts', 'Display'] as const

/** One option. */
export interface OptionRow {
  readonly group: (typeof GROUPS)[number]
  /** One letter. */
  readonly short?: string
  /** What stands for its value in the help. Without it the option takes no value. */
  readonly value?: string
  /** May it be given more than once? */
  readonly isRepeatable?: true
  /** What a shell offers as its value. */
  readonly offers?: 'files' | 'directories' | readonly string[]
  /** The default as people write it. */
  readonly default?: string
  /** What it does, as a phrase. ASCII, so that every terminal can show it. */
  readonly text: string
}

/** By the long names of the options, without hyphens in front. */
export const OPTIONS = {
  output: {
    group: 'Output',
    short: 'o',
    value: 'FILE',
    offers: 'files',
    text: 'name of the file (one URL only), or - to write all files to standard output, in order',
  },
  dir: {
    group: 'Output',
    short: 'd',
    value: 'DIR',
    offers: 'directories',
    default: '.',
    text: 'directory for files that the server or the URL names',
  },
  'create-dirs': {
    group: 'Output',
    text: 'make the directory of -d or -o if it is missing',
  },
  overwrite: {
    group: 'Output',
    text: 'replace an existing file once the new one is complete, and keep its mode; without this option an existing file is an error and is not changed',
  },
  update: {
    group: 'Output',
    text: 'fetch an existing file again only if it has changed on the server or here; keeps a small hidden file beside it',
  },
  'no-resume': {
    group: 'Output',
    text: 'start from 0, even if an earlier run can be resumed',
  },
  'resume-key': {
    group: 'Output',
    value: 'KEY',
    default: 'the URL',
    text: 'resume the download with the same KEY, even if its URL was another one; for renewed links and mirrors',
  },
  'server-time': {
    group: 'Output',
    text: 'give the file the date of Last-Modified',
  },
  buffer: {
    group: 'Output',
    value: 'SIZE',
    default: '64M',
    text: 'with -o -: bytes that may wait in memory for those before them, or for the reader',
  },
  'accept-html': {
    group: 'Output',
    text: 'accept a page, an error message or a Git LFS pointer in place of a file; without this option they are refused',
  },
  'input-file': {
    group: 'Several files',
    short: 'i',
    value: 'LIST',
    isRepeatable: true,
    offers: 'files',
    text: 'also download the URLs of this list, one on a line, with out=NAME and checksum=DIGEST after them, or JSON lines; - is standard input (may be repeated)',
  },
  checksums: {
    group: 'Several files',
    value: 'FILE',
    isRepeatable: true,
    offers: 'files',
    text: 'file of checksums, such as SHA256SUMS, or its URL; each file must have its digest from there (may be repeated)',
  },
  check: {
    group: 'Several files',
    text: 'download nothing; say of each file whether it is there and has its digest; without URLs, of all files in --checksums',
  },
  parallel: {
    group: 'Several files',
    short: 'j',
    value: 'N',
    default: '5',
    text: 'files at the same time, 1 to 64',
  },
  'host-connections': {
    group: 'Several files',
    value: 'N',
    default: '8',
    text: 'connections to one host at the same time, of all files together, 1 to 256',
  },
  connections: {
    group: 'Transfer',
    short: 'n',
    value: 'N',
    default: '4',
    text: 'connections at the same time, 1 to 64',
  },
  'segment-size': {
    group: 'Transfer',
    value: 'SIZE',
    default: 'chosen',
    text: 'bytes in one request',
  },
  'limit-rate': {
    group: 'Transfer',
    value: 'RATE',
    default: 'none',
    text: 'at most this many bytes per second, all connections together',
  },
  'min-rate': {
    group: 'Transfer',
    value: 'RATE',
    default: 'none',
    text: 'retry a download that stays slower than this for the stall timeout, all connections together',
  },
  delay: {
    group: 'Transfer',
    value: 'TIME',
    default: '0',
    text: 'wait between two segments of a connection',
  },
  header: {
    group: 'Transfer',
    short: 'H',
    value: "'K: V'",
    isRepeatable: true,
    text: 'header field to send (may be repeated)',
  },
  checksum: {
    group: 'Transfer',
    value: 'DIGEST',
    text: 'digest that the file must have: sha-256= or sha-512=, then hexadecimal digits or base64',
  },
  mirror: {
    group: 'Transfer',
    value: 'URL',
    isRepeatable: true,
    text: 'another URL of the same file (may be repeated; one URL only); for parallel use it needs a digest: --checksum, or one that both servers send',
  },
  'same-etags': {
    group: 'Transfer',
    text: 'an equal strong ETag of the URL and a mirror means the same file',
  },
  proxy: {
    group: 'Transfer',
    value: 'URL',
    default: 'environment',
    text: 'proxy to use in place of http_proxy, https_proxy and all_proxy: http, https, socks5 or socks5h; no_proxy applies',
  },
  cacert: {
    group: 'Transfer',
    value: 'FILE',
    offers: 'files',
    default: 'environment',
    text: 'the only certificates of CAs to trust, in PEM form; SSL_CERT_FILE is the same, NODE_EXTRA_CA_CERTS adds some',
  },
  cert: {
    group: 'Transfer',
    value: 'FILE',
    offers: 'files',
    text: 'your certificate, in PEM form, for the host in the URL only',
  },
  key: {
    group: 'Transfer',
    value: 'FILE',
    offers: 'files',
    text: 'its key, in PEM form and without a passphrase; it may also be in the file of the certificate',
  },
  netrc: {
    group: 'Transfer',
    text: 'take the user and password for each host from the file in NETRC, or from ~/.netrc',
  },
  retries: {
    group: 'Retries and timeouts',
    value: 'N',
    default: '5',
    text: 'failures in a row, without progress between them, before giving up',
  },
  'retry-delay': {
    group: 'Retries and timeouts',
    value: 'TIME',
    default: '1s',
    text: 'wait before the first retry; doubled each time',
  },
  'max-retry-delay': {
    group: 'Retries and timeouts',
    value: 'TIME',
    default: '5m',
    text: 'longest wait; if a server asks for a longer one, the download fails',
  },
  'stall-timeout': {
    group: 'Retries and timeouts',
    value: 'TIME',
    default: '30s',
    text: 'time without a byte that counts as a failure',
  },
  'connect-timeout': {
    group: 'Retries and timeouts',
    value: 'TIME',
    default: '15s',
    text: 'longest time to connect',
  },
  'max-redirects': {
    group: 'Retries and timeouts',
    value: 'N',
    default: '10',
    text: 'redirects to follow',
  },
  quiet: {
    group: 'Display',
    short: 'q',
    text: 'show errors only',
  },
  json: {
    group: 'Display',
    text: 'print one JSON object per line: progress, then the result',
  },
  completion: {
    group: 'Display',
    value: 'SHELL',
    offers: ['bash', 'zsh', 'fish'],
    text: 'print the completion for bash, zsh or fish, and exit',
  },
  help: {
    group: 'Display',
    short: 'h',
    text: 'show this text, and exit',
  },
  version: {
    group: 'Display',
    text: 'show the version, and exit',
  },
} as const

/** A shell that a completion can be printed for. */
export type Shell = (typeof OPTIONS)['completion']['offers'][number]

/** The long name of an option. */
export type OptionName = keyof typeof OPTIONS

/** An option with its name. */
export interface NamedOption extends OptionRow {
  readonly name: OptionName
}

/** All options, in the order of the help. */
export const OPTION_LIST: readonly NamedOption[] = Object.entries<OptionRow>(OPTIONS).map(([name, row]) => ({
  ...row,
  name: name as OptionName,
}))
