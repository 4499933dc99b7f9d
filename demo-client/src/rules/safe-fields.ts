// Which of the caller's header fields another origin may get. Pure.

/** Every other field could be a credential. */
const SAFE: ReadonlySet<string> = new Set(['accept', 'accept-language', 'user-agent'])

/** The fields of `headers` that are harmless for an origin that the caller did not name. */
export function safeFields(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => SAFE.has(name.toLowerCase())))
}
