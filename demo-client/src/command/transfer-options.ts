// The options that say how files are fetched, and what is shown.

/** By the long names of the options. */
export const TRANSFER_OPTIONS = {
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
