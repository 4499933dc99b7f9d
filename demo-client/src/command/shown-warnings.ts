// What is said once, however often it is true.

const said = new Set<string>()

/** Those of `texts` that this process has not said before. */
export function notYetShown(texts: readonly string[]): readonly string[] {
  const fresh = texts.filter((text) => !said.has(text))
  for (const text of fresh) said.add(text)
  return fresh
}
