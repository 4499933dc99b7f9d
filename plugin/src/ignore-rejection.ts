/**
 * Takes the rejection of a promise that was given where a value was expected. It is refused like any other wrong value;
 * a rejection that nobody handles would end the process on top. Never throws.
 */
export function ignoreRejection(value: unknown): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return
  new Promise((resolve) => resolve(value)).catch(() => {})
}
