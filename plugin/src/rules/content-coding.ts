/** A Content-Encoding in a form that can be compared; undefined without a coding. */
export function codingOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  const codings = String(value).toLowerCase().split(',')
  const applied = codings
    .map((coding) => coding.trim())
    .filter((coding) => !['', 'identity'].includes(coding))
  return applied.length === 0 ? undefined : applied.join(', ')
}
