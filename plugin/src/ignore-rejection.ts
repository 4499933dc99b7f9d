/**
 * Handles the rejection of a promise that was given instead of a value. The promise is refused like any other wrong
 * value, but its rejection would end the process if it was not handled. Never throws.
 */
export function ignoreRejection(value: unknown): void {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return
  new Promise((resolve) => resolve(value)).catch(() => {})
}
