/** Decodes percent-encoding; returns `text` unchanged if that is not possible. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
