/** Why a path is not served. */
export type Refusal =
  | 'second-spelling'
  | 'empty-path'
  | 'nul'
  | 'backslash'
  | 'lone-surrogate'
  | 'windows-name'
  | 'outside-root'
  | 'dotfile-denied'
  | 'dotfile'
  | 'leading-slash'
  | 'trailing-slash'
  | 'empty-segment'
  | 'dot-segment'
  | 'too-long'
  | 'root-missing'
  | 'missing'
  | 'link-outside-root'
  | 'link-loop'
  | 'folder'
  | 'fifo'
  | 'socket'
  | 'device'
  | 'replaced'
  | 'not-in-source'

interface Answer {
  readonly status: 400 | 403 | 404
  readonly text: string
}

/** For the log only. The reason would show a client which files exist. */
const REFUSALS: Readonly<Record<Refusal, Answer>> = {
  'second-spelling': { status: 404, text: 'the URL is spelled in a way that could avoid a guard' },
  'empty-path': { status: 400, text: 'the path is empty' },
  nul: { status: 400, text: 'the path has a NUL' },
  backslash: { status: 400, text: 'the path has a backslash' },
  'lone-surrogate': { status: 400, text: 'the path has an unpaired surrogate' },
  'windows-name': { status: 400, text: 'the path has a name that Windows reads as another name' },
  'outside-root': { status: 403, text: 'the path has a .. segment, which could lead out of the root' },
  'dotfile-denied': { status: 403, text: "the path has a dotfile, and the option 'dotfiles' is 'deny'" },
  dotfile: { status: 404, text: "the path has a dotfile, and the option 'dotfiles' is 'ignore'" },
  'leading-slash': { status: 404, text: 'the path is absolute: it starts with a slash' },
  'trailing-slash': { status: 404, text: 'the path ends in a slash' },
  'empty-segment': { status: 404, text: 'the path has two slashes in a row' },
  'dot-segment': { status: 404, text: 'the path has a segment of one dot' },
  'too-long': { status: 404, text: 'the path or a name in it is too long' },
  'root-missing': { status: 404, text: 'the root does not exist' },
  missing: { status: 404, text: 'nothing exists at the path' },
  'link-outside-root': { status: 404, text: 'a symbolic link leads out of the root' },
  'link-loop': { status: 404, text: 'symbolic links lead in a circle' },
  folder: { status: 404, text: 'it is a folder' },
  fifo: { status: 404, text: 'it is a FIFO' },
  socket: { status: 404, text: 'it is a socket' },
  device: { status: 404, text: 'it is a device' },
  replaced: { status: 404, text: 'it was replaced again and again while it was opened' },
  'not-in-source': { status: 404, text: 'the source has nothing under this path' },
}

/** The status of the answer, and the reason in words. */
export function describeRefusal(refusal: Refusal): Answer {
  return REFUSALS[refusal]
}

/** Whether opening was refused. */
export function isRefusal<T extends object>(opened: T | Refusal): opened is Refusal {
  return typeof opened === 'string'
}
