import type { RawResponse } from '../connection/response-lifetime.ts'

/** The fields that are passed to `writeHead`, by name. */
export type Fields = Record<string, unknown>

/** Whether the fields are in the form that Fastify passes: an object with names in lower case. */
export function isPlainFields(given: unknown): given is Fields {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false
  for (const name in given) if (name !== name.toLowerCase()) return false
  return true
}

/** Sets fields in every form that `writeHead` takes: an object, a flat list of names and values, a list of pairs. */
export function setAllFields(raw: RawResponse, given: unknown): void {
  if (typeof given !== 'object' || given === null) return
  const pairs = Array.isArray(given) ? pairsOf(given) : Object.entries(given)
  const fields = new Map<string, unknown>()
  for (const [name, value] of pairs) {
    const key = String(name)
    const before = fields.get(key)
    fields.set(key, before === undefined ? value : [before, value].flat())
  }
  for (const [name, value] of fields) if (value !== undefined) raw.setHeader(name, value as string)
}

function pairsOf(list: readonly unknown[]): readonly (readonly unknown[])[] {
  if (Array.isArray(list[0])) return list as readonly (readonly unknown[])[]
  return Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at], list[2 * at + 1]])
}
