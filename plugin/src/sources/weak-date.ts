import { propertyOf } from '../own-properties.ts'
import { METADATA, METHODS } from './checked-representation.ts'
import type { Representation } from './source.ts'

/**
 * The same representation, but with a date that continues no download. It is of an application, which may have made it by
 * a class with private fields, or wrongly: each property is read when it is asked for, and what is wrong stays wrong.
 */
export function withWeakDate(opened: Representation): Representation {
  if (typeof opened !== 'object' || opened === null) return opened
  const weak: object = Object.create(null)
  for (const name of [...METADATA, ...METHODS]) {
    if (name in opened || name === 'lastModifiedStrength') {
      Object.defineProperty(weak, name, { enumerable: true, get: () => weakened(opened, name) })
    }
  }
  return weak as Representation
}

function weakened(opened: Representation, name: string): unknown {
  const value = propertyOf(opened, name)
  if (name === 'lastModifiedStrength' && (value === undefined || value === 'strong')) return 'weak'
  return typeof value === 'function' ? value.bind(opened) : value
}
