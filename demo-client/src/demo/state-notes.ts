// What happens between the steps of the demo: that it resumes, waits or pauses.
import type { Download, DownloadProgress } from '../index.ts'

/** Received bytes of all. */
export function soFar({ received, total }: DownloadProgress): string {
  return `${received} of ${total ?? 'an unknown number of'} bytes`
}

/** Calls `note` whenever there is something new to say, until the download ends. */
export async function followStates(download: Download, note: (text: string) => void): Promise<void> {
  let last = ''
  for await (const progress of download) {
    const next = noteOn(progress, last)
    if (next !== last) note(next)
    last = next
  }
}

function noteOn(progress: DownloadProgress, last: string): string {
  const { state, received, resumed, message } = progress
  if (state === 'paused') return `paused at ${soFar(progress)}: any key continues, q or Ctrl-C stops`
  if (state === 'waiting') return `${message}; retrying`
  if (state !== 'downloading') return last
  if (resumed > 0 && last === '') return `resuming: an earlier run received ${resumed} bytes`
  if (last.startsWith('paused')) return `resuming at ${soFar(progress)}`
  return message !== '' && received === 0 ? message : last
}
