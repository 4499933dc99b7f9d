import { bytes, count } from './format.js'

/** The sentence for each event of a download, and its tone. Events without a sentence are not shown. */
const SENTENCES = {
  first: ({ etag }) => [`200: the whole file, version ${etag}.`],
  resumed: ({ received }) => [
    `206: still the same version. Continuing from byte ${count(received)}. No byte is sent twice.`,
    'good',
  ],
  restarted: ({ dropped }) => [
    `200: another version. The ${bytes(dropped)} of the old one are discarded. Starting again from byte 0.`,
    'notice',
  ],
  lost: ({ received, wait }) => [
    `Connection lost at ${bytes(received)}. Asking for the remaining bytes in ${wait / 1000} s.`,
    'bad',
  ],
  asked: ({ headers }) => headers.Range && [`Range: ${headers.Range}, If-Range: ${headers['If-Range']}`],
}

/** @returns {[string, string?] | undefined} sentence and tone */
export function sentenceFor(event) {
  return SENTENCES[event.kind]?.(event)
}
