import { bytes, count } from './format.js'

/** What each event of a download means to the visitor: a sentence and its tone. Events without one are not told. */
const SENTENCES = {
  first: ({ etag }) => [`200: the whole file, version ${etag}.`],
  resumed: ({ received }) => [
    `206: still the same version. On from byte ${count(received)}; nothing comes twice.`,
    'good',
  ],
  restarted: ({ dropped }) => [
    `200: another version. The ${bytes(dropped)} of the old one are dropped; from byte 0, nothing spliced.`,
    'notice',
  ],
  lost: ({ received, wait }) => [
    `Connection lost at ${bytes(received)}. Asking for the rest in ${wait / 1000} s.`,
    'bad',
  ],
  asked: ({ headers }) => headers.Range && [`Range: ${headers.Range}, If-Range: ${headers['If-Range']}`],
}

/** @returns {[string, string?] | undefined} sentence and tone */
export function sentenceFor(event) {
  return SENTENCES[event.kind]?.(event)
}
