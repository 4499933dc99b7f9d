// The options of download(), as a caller gives them.
import type { CallerFields } from './caller/caller-fields.ts'
import type { ExpectedFile } from './caller/expected-file.ts'
import type { SegmentReport } from './transfer/segment-report.ts'

/** Options of `download()`. Sizes in bytes, times in milliseconds. */
export interface DownloadOptions {
  /** Connections at once, 1 to 64. Default 4. Fewer are used where the server refuses. */
  readonly connections?: number
  /** Bytes in one request, at least 1. Default: chosen from the size and the number of connections. */
  readonly segmentSize?: number
  /**
   * Header fields to send, as fetch() takes them: a record, `Headers`, a `Map`, or pairs. A field that is given twice
   * is joined, `Cookie` with `; ` and lists with `, `. A field that has only one value is refused then. Where a redirect
   * leads to another origin, that gets only the harmless ones.
   */
  readonly headers?: CallerFields
  /**
   * The digest that the file must have: `sha-256=` or `sha-512=`, then hexadecimal digits or base64. With it, a file whose server
   * sends no validator can be resumed and fetched in parallel. If the whole is wrong then, it is fetched once more in one
   * piece, before the download ends with `ERR_DOWNLOAD_DIGEST`.
   */
  readonly checksum?: string
  /**
   * What else is known about the file: its size, more digests, and those of its pieces. Bytes that contradict any of it end
   * with `ERR_DOWNLOAD_DIGEST`. Where pieces are wrong, only these are fetched again, from another mirror if there is one.
   * If the file has its `checksum`, its pieces are not compared.
   */
  readonly expected?: ExpectedFile
  /**
   * Other URLs of the same file, in order of preference. Each is asked, and bytes come from the fastest. Bytes of two servers
   * are joined only if `checksum` is given, or both send an equal sha-256 or sha-512 of the file. Otherwise a mirror is used
   * only if the servers before it fail, from the first byte. Those that were not used are named in `warnings`. A mirror of
   * another origin gets only the harmless ones of `headers`.
   */
  readonly mirrors?: readonly (string | URL)[]
  /**
   * `'shared'`: an equal strong `ETag` of two of these URLs means the same file, as with several names of one server. Default
   * `'own'`: tags of different servers prove nothing.
   */
  readonly mirrorTags?: 'own' | 'shared'
  /** `'never'` starts from the first byte, even where an earlier run has left a part. Default `'auto'`. */
  readonly resume?: 'auto' | 'never'
  /**
   * What to do where the file exists already. `'refuse'` (default) ends with `ERR_DOWNLOAD_EXISTS`. `'replace'` renames
   * the new file over the old one once it is complete and verified, and gives it the old one's mode. Where the path
   * is a symbolic link, the link stays and its target is replaced. `'update'` is the same, but only if the server has another
   * version: it asks with the validators of the file, which a run with `'update'` keeps in a small hidden file beside
   * it. If the file has not changed, neither here nor there, the result has `outcome: 'unchanged'`.
   */
  readonly existing?: 'refuse' | 'replace' | 'update'
  /**
   * What to do where the directory of the file is missing. `'refuse'` (default) ends with `ERR_DOWNLOAD_UNWRITABLE`.
   * `'create'` makes it and its parents before the first request. It stays, even if the download fails.
   */
  readonly missingDirectory?: 'refuse' | 'create'
  /**
   * A name for the download, in place of the URL. A run resumes what an earlier run with the same key has left, even
   * where the URL was another one. For mirrors and renewed links. The server's strong entity-tag still decides.
   */
  readonly resumeKey?: string
  /**
   * Failures in a row without progress before giving up, 0 or more. Default 5. Progress is 64 KiB since the last failure, or
   * all bytes that a request asked for. While nothing has been received, the last attempt asks for the whole file without
   * `Range`.
   */
  readonly retries?: number
  /** The first wait before another attempt. It doubles each time, with jitter. Default 1000. */
  readonly retryDelay?: number
  /** The longest wait. A longer Retry-After ends the download, which can be resumed later. Default 300 000. */
  readonly maxRetryDelay?: number
  /** The longest time to set up a connection. Default 15 000. */
  readonly connectTimeout?: number
  /** The longest time without the head of an answer, or without a further byte. Default 30 000. */
  readonly stallTimeout?: number
  /** Redirects to follow for one answer, 0 or more. Default 10. */
  readonly maxRedirects?: number
  /** Bytes per second for all connections together. Default: no limit. */
  readonly limitRate?: number
  /**
   * The lowest useful rate, in bytes per second for all connections together, below `limitRate`. A download that stays
   * slower for `stallTimeout` is given up and asked for again, `retries` times in a row. Default: no rate is required.
   * Silence ends a request in any case.
   */
  readonly minRate?: number
  /**
   * URL of an http or https proxy, or of a SOCKS5 proxy: `socks5h:` lets the proxy look up names, `socks5:` does it
   * here. Default: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`.
   */
  readonly proxy?: string
  /**
   * A file with certificates in PEM form: the only CAs that are trusted, also for https proxies. Default: those in the
   * file `SSL_CERT_FILE`, or otherwise those of Node, and those in `NODE_EXTRA_CA_CERTS`. `ERR_DOWNLOAD_USAGE` if it cannot be used.
   */
  readonly caFile?: string
  /**
   * A file with the certificate of the caller in PEM form, with those up to its CA. It is shown to the origin of the URL only,
   * not to a proxy or another origin that a redirect leads to.
   */
  readonly certFile?: string
  /** A file with the key of that certificate in PEM form, without a passphrase. Default: it is in `certFile`. */
  readonly keyFile?: string
  /**
   * `'use'`: a user and password for each host come from the file that the environment variable `NETRC` names, or from
   * `.netrc` in the home directory. What `headers` or the URL says comes first. The target of a redirect gets only
   * those of its own entry, and only over https. Default `'ignore'`.
   */
  readonly netrc?: 'ignore' | 'use'
  /** The wait between two segments of one connection. Default 0. */
  readonly delay?: number
  /**
   * Whether to accept a page or an error message that a server sends in place of a file. Default `'refuse'`:
   * `ERR_DOWNLOAD_PROTOCOL`, before anything reaches the disk. An answer with the Content-Type of a page is refused where
   * the extension of the URL, of a redirect's target, of the server's file name or of the output is not that of a page. A
   * name without an extension decides nothing. Where a name is that of a binary format and the Content-Type is not, the
   * first bytes decide as well: those of an HTML page, of an XML error of an object store, or of a Git LFS pointer are
   * refused, and so is JSON with the Content-Type of JSON.
   */
  readonly html?: 'refuse' | 'accept'
  /** `'server'` gives the file the date in Last-Modified. Default `'now'`. */
  readonly modified?: 'now' | 'server'
  /**
   * Called after each answer, in order of arrival. If it throws, or returns a promise that is rejected, the download ends
   * with `ERR_DOWNLOAD_USAGE`. The download waits for its promises only before the file gets its name.
   */
  readonly onSegment?: (report: SegmentReport) => void | PromiseLike<void>
  /** Aborting it stops the download, which can be resumed later. */
  readonly signal?: AbortSignal
}

/** Options of `download()` to a stream. Those that only a file can have are left out. */
export interface StreamOptions
  extends Omit<
    DownloadOptions,
    | 'expected'
    | 'mirrors'
    | 'mirrorTags'
    | 'resume'
    | 'existing'
    | 'missingDirectory'
    | 'resumeKey'
    | 'modified'
  > {
  /**
   * The most bytes that wait, because those before them have not come or because the reader is behind. From 65 536 to
   * 4 GiB, with `bufferDirectory` to 1 TiB. Connections fetch ahead within it. Default 67 108 864.
   */
  readonly buffer?: number
  /**
   * A directory for bytes that wait: they are in a temporary file there, which has no name, is never larger than `buffer`,
   * and is gone at the end, even after `kill -9`. `ERR_DOWNLOAD_DISK_FULL` if there is less space, before the first byte
   * is written. Default: they wait in memory.
   */
  readonly bufferDirectory?: string
}

/** The options of a download to a file or to a stream. */
export type AnyOptions = DownloadOptions & StreamOptions
