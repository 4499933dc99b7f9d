import { isFieldName } from './field-value.ts'

/** Whether a value can be sent as a Content-Encoding, RFC 9110 §8.4: a list of tokens. */
export function isContentEncoding(value: unknown): value is string {
  return typeof value === 'string' && codingsOf(value).every(isFieldName)
}

/** A Content-Encoding in a form that can be compared; undefined without a coding. */
export function codingOf(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const applied = codingsOf(String(value).toLowerCase()).filter((coding) => coding !== 'identity')
  return applied.length === 0 ? undefined : applied.join(', ')
}

function codingsOf(value: string): string[] {
  return value
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '')
}
