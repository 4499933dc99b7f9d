import { bytes } from './format.js'
import { lostText } from './messages.js'
import { text } from './texts.js'

/** The sentence for each event of a download, and its tone. Events without a sentence are not shown. */
const SENTENCES = {
  first: ({ etag }) => [text('story.first', { etag: etag ?? '–' })],
  resumed: ({ received }) => [text('story.resumed', { received }), 'good'],
  restarted: ({ received }) => [text('story.restarted', { dropped: bytes(received) }), 'notice'],
  repeated: () => [text('story.repeated'), 'notice'],
  lost: ({ received, wait, reason }) => [
    reason === null
      ? lostText(bytes(received), wait)
      : text('story.refused', { reason, seconds: wait / 1000 }),
    'bad',
  ],
  asked: ({ headers }) => headers.Range && [`Range: ${headers.Range}, If-Range: ${headers['If-Range']}`],
}

/** @returns {[string, string?] | undefined} sentence and tone */
export function sentenceFor(event) {
  return SENTENCES[event.kind]?.(event)
}
