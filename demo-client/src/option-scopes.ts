// Options that only a download to a file can have, and those that only one to a stream can have.
import { DownloadError } from './errors.ts'
import { DEFAULT_BUFFER, type Settings } from './options.ts'

/** The settings that mean nothing for a stream, with their defaults. */
const ONLY_FOR_FILES = {
  resume: 'auto',
  existing: 'refuse',
  missingDirectory: 'refuse',
  resumeKey: null,
  modified: 'now',
  mirrorTags: 'own',
  expected: null,
} as const

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` for an option that only the other kind of destination can have */
export function assertScope(settings: Settings, destination: 'file' | 'stream'): void {
  if (destination === 'file') {
    if (settings.buffer !== DEFAULT_BUFFER) throw outOfScope('buffer', 'streams', destination)
    if (settings.bufferDirectory !== null) throw outOfScope('bufferDirectory', 'streams', destination)
    return
  }
  for (const name of Object.keys(ONLY_FOR_FILES) as (keyof typeof ONLY_FOR_FILES)[])
    if (settings[name] !== ONLY_FOR_FILES[name]) throw outOfScope(name, 'files', destination)
  // What a mirror that lies has brought could not be fetched again.
  if (settings.mirrors.length > 0) throw outOfScope('mirrors', 'files', destination)
}

function outOfScope(name: string, scope: string, destination: string): DownloadError {
  const message = `${name} is an option for ${scope}, and the destination is a ${destination}`
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
