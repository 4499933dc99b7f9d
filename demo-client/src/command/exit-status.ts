// Exit statuses of the commands, one per kind of failure.
import { DownloadError, type DownloadErrorCode, systemCode } from '../errors.ts'

/** The status for each code of {@link DownloadError}. */
export const EXIT_STATUS: Readonly<Record<DownloadErrorCode, number>> = {
  ERR_DOWNLOAD_USAGE: 2,
  ERR_DOWNLOAD_NETWORK: 3,
  ERR_DOWNLOAD_HTTP: 4,
  ERR_DOWNLOAD_CHANGED: 5,
  ERR_DOWNLOAD_PROTOCOL: 6,
  ERR_DOWNLOAD_DIGEST: 7,
  ERR_DOWNLOAD_DISK_FULL: 8,
  ERR_DOWNLOAD_UNWRITABLE: 9,
  ERR_DOWNLOAD_BUSY: 10,
  ERR_DOWNLOAD_EXISTS: 11,
  ERR_DOWNLOAD_TLS: 12,
  ERR_DOWNLOAD_RESOURCES: 15,
  ERR_DOWNLOAD_ABORTED: 130,
}

/** The status after a failure that is not a {@link DownloadError}. */
export const BUG = 1

/** The status if all downloads succeeded but standard output could not be written. */
export const OUTPUT_FAILED = 14

/**
 * The status if the reader of standard output ended before all was written: that of a program which SIGPIPE ends, as it
 * ends `cat` in `cat FILE | head -c 1`.
 */
export const READER_GONE = 141

/** Has the download failed because the reader of its output has ended? */
export function isReaderGone(error: unknown): boolean {
  return error instanceof DownloadError && systemCode(error.cause) === 'EPIPE'
}

/** What each status means. ASCII, and short enough for 80 columns. */
export const EXIT_STATUS_MEANINGS: readonly (readonly [status: number, meaning: string])[] = [
  [0, 'done'],
  [BUG, 'a bug in this program'],
  [2, 'a wrong option or URL'],
  [3, 'the network failed, and no retry was left'],
  [4, 'the server answered with an error, such as 404 Not Found'],
  [5, 'the file kept changing on the server'],
  [6, "the server's answers cannot be trusted"],
  [7, 'the file does not have the expected digest'],
  [8, 'the disk is full, or a quota or size limit is reached'],
  [9, 'the output cannot be written'],
  [10, 'another process, or another URL of this run, has the same file'],
  [11, 'the output already exists (range-get without --overwrite or --update)'],
  [12, "TLS failed, or the server's certificate is not trusted"],
  [14, 'the download succeeded, but standard output could not be written'],
  [15, 'no file descriptor or memory is left (ulimit -n)'],
  [130, 'stopped by Ctrl-C or q (SIGTERM: 143, SIGHUP: 129); run again to resume'],
  [141, 'the reader of -o - ended before all was written'],
]

/** The lines about exit statuses in a help text. A line break in a meaning begins a line of its own. */
export function exitStatusHelp(meanings: typeof EXIT_STATUS_MEANINGS): string {
  const lines = meanings.map(([status, meaning]) => `  ${String(status).padEnd(4)} ${meaning}`)
  // Runs also in an old Node.js, which has no replaceAll and must say that it is too old.
  return ['Exit status', ...lines.map((line) => line.split('\n').join('\n       '))].join('\n')
}

/** The lines about exit statuses in the help of range-get. */
export const EXIT_STATUS_HELP: string = exitStatusHelp(EXIT_STATUS_MEANINGS)

/** The exit status for a failure; {@link BUG} if it is not a {@link DownloadError}. */
export function exitStatusOf(error: unknown): number {
  return error instanceof DownloadError ? EXIT_STATUS[error.code] : BUG
}
