// Reads lists as text: UTF-8, or UTF-16 with a byte order mark, as PowerShell writes it.
import { createReadStream, fstatSync } from 'node:fs'
import { DownloadError, systemCode } from '../errors.ts'

/** A longer line is no line of a list. */
const MAX_LINE_CHARACTERS = 1024 * 1024

/** The name of standard input in messages. */
const STDIN = 'standard input'

/** What to call a list in messages. */
export function nameOfList(path: string): string {
  return path === '-' ? STDIN : path
}

/**
 * The lines of a file, or of standard input for `-`, without their ends.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export async function* linesOf(path: string): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const text of textOf(path)) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_CHARACTERS) throw usage(`${nameOfList(path)}: a line is too long`)
    for (const line of lines) yield line.replace(/\r$/, '')
  }
  if (rest !== '') yield rest.replace(/\r$/, '')
}

/** The text of a file in pieces. @throws DownloadError `ERR_DOWNLOAD_USAGE` */
async function* textOf(path: string): AsyncGenerator<string, void, undefined> {
  // Node.js takes a directory for an empty stream.
  if (path === '-' && fstatSync(0).isDirectory()) throw usage(`cannot read ${STDIN}: it is a directory`)
  const stream: AsyncIterable<Buffer> = path === '-' ? process.stdin : createReadStream(path)
  let decoder: InstanceType<typeof TextDecoder> | null = null
  try {
    for await (const chunk of stream) {
      decoder ??= new TextDecoder(chunk[0] === 0xff && chunk[1] === 0xfe ? 'utf-16le' : 'utf-8', {
        fatal: true,
      })
      yield decoder.decode(chunk, { stream: true })
    }
    yield decoder?.decode() ?? ''
  } catch (error) {
    if (error instanceof TypeError) throw usage(`${nameOfList(path)} is not text in UTF-8`)
    throw cannotRead(path, error)
  }
}

/** Why a list cannot be read. */
export function cannotRead(path: string, error: unknown): DownloadError {
  if (error instanceof DownloadError) return error
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a directory',
    EACCES: 'permission denied',
  }
  const code = systemCode(error) ?? String(error)
  return new DownloadError(
    'ERR_DOWNLOAD_USAGE',
    `cannot read ${nameOfList(path)}: ${reasons[code] ?? code}`,
    { cause: error },
  )
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
