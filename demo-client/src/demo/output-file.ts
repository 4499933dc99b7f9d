// Where the demo writes: what the user named, or a name that follows that of the file.
import { constants } from 'node:fs'
import { access, lstat, mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { DownloadError } from '../index.ts'
import { DEFAULT_FILE, type DemoArguments } from './arguments.ts'

/** The output of a run. */
export interface OutputFile {
  readonly path: string
  /** How messages call it. */
  readonly name: string
  /** What happens to another file of this name. Only one that the user has named, or that is the demo's own, is replaced. */
  readonly existing: 'replace' | 'refuse'
  /** What the user must know about the place; null if it is as expected. */
  readonly note: string | null
}

/** Chooses the output. @throws DownloadError `ERR_DOWNLOAD_UNWRITABLE` if no folder can be written to */
export async function chooseOutput({ file, out, folder }: DemoArguments): Promise<OutputFile> {
  if (out !== null) {
    const path = resolve(folder, out)
    await assertFolder(dirname(path))
    return outputAt(path, folder, 'replace')
  }
  const name = file === DEFAULT_FILE ? '3.txt' : file
  if (await isWritable(folder))
    return outputAt(join(folder, name), folder, file === DEFAULT_FILE ? 'replace' : 'refuse')
  const own = await temporaryFolder(folder)
  const note = `${folder} cannot be written to, so the output is in ${own}; --out chooses another place`
  return { ...outputAt(join(own, name), folder, 'replace'), note }
}

async function assertFolder(folder: string): Promise<void> {
  const isMissing = await stat(folder).then(
    () => false,
    // Other failures are reported where the file is written.
    (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT',
  )
  if (!isMissing) return
  throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', `the folder of --out does not exist: ${folder}`)
}

function outputAt(path: string, folder: string, existing: OutputFile['existing']): OutputFile {
  const name = relative(folder, path)
  const isInside = name !== '' && !name.startsWith('..') && !isAbsolute(name)
  return { path, name: isInside ? name : path, existing, note: null }
}

/** False only if permissions, or a disk that is mounted to be read, are known to forbid it. */
async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK)
    return true
  } catch (error) {
    return !(
      error instanceof Error &&
      'code' in error &&
      ['EACCES', 'EPERM', 'EROFS'].includes(String(error.code))
    )
  }
}

/** A folder of this user, the same one in each run, so that a run resumes the one before. */
async function temporaryFolder(instead: string): Promise<string> {
  const user = process.getuid?.()
  const path = join(tmpdir(), user === undefined ? 'range-get-demo' : `range-get-demo-${user}`)
  await mkdir(path, { mode: 0o700 }).catch(() => undefined)
  const found = await lstat(path).catch(() => null)
  // Another user could have made a folder of this name.
  const isOwn = user === undefined || (found?.uid === user && (found.mode & 0o022) === 0)
  if (found?.isDirectory() && isOwn && (await isWritable(path))) return path
  const reason = `${instead} cannot be written to: choose another place with --out PATH`
  throw new DownloadError('ERR_DOWNLOAD_UNWRITABLE', reason)
}
