/** Percent-encoding decoded, or `text` as it is where that is not possible. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
