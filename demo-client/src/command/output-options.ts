// The options that say where files go, and those for several files.

/** By the long names of the options. */
export const OUTPUT_OPTIONS = {
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
    text: 'with -o -: bytes that may wait for those before them, or for the reader; in memory, or below --buffer-dir',
  },
  'buffer-dir': {
    group: 'Output',
    value: 'DIR',
    offers: 'directories',
    default: 'memory',
    text: 'directory for a temporary file with the bytes that wait; it has no name and is gone at the end',
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
  metalink: {
    group: 'Several files',
    value: 'FILE',
    isRepeatable: true,
    offers: 'files',
    text: 'also download the files that this Metalink 4 document or its URL describes, from its mirrors, and verify them by its hashes; - is standard input (may be repeated)',
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
} as const
