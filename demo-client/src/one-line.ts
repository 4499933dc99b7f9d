/** `text` on one line, without control characters: what a server sent must not steer a terminal. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim()
}
