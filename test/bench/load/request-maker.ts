import { byteAt, randomNumbers } from '../pattern.ts'
import type { Expected } from './connection.ts'
import type { Load } from './protocol.ts'
import { rangeValue, stretchesOf } from './range-field.ts'

/** A request and the expected answer. */
export interface Question {
  readonly path: string
  /** The value of the Range field, if any. */
  readonly range: string | undefined
  readonly expected: Expected
}

/** Makes the requests of a load, one after the other; the same load makes the same requests. */
export function questions(load: Load): () => Question {
  const { path, files } = load
  if (files === undefined) return questionsAt(path, load)
  const makers = Array.from({ length: files }, (_, index) => questionsAt(`${path}${index}`, load))
  let turn = 0
  return () => (makers[turn++ % files] as () => Question)()
}

function questionsAt(path: string, load: Load): () => Question {
  const next = randomNumbers(2)
  const make = (): Question => {
    const stretches = stretchesOf(load.ranges, next)
    const range = stretches.length === 0 ? undefined : rangeValue(stretches)
    // A multipart answer does not start with content of the file.
    const firstByte = stretches.length > 1 ? undefined : byteAt(stretches[0]?.first ?? 0)
    return { path, range, expected: { ...load.expected, firstByte } }
  }
  if (load.ranges.kind === 'random') return make
  const always = make()
  return () => always
}
