// Each warning is shown once, even if several downloads have it.

const shown = new Set<string>()

/** Those of `texts` that this process has not shown before. */
export function notYetShown(texts: readonly string[]): readonly string[] {
  const fresh = texts.filter((text) => !shown.has(text))
  for (const text of fresh) shown.add(text)
  return fresh
}
