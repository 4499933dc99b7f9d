import { byteAt, randomNumbers } from '../pattern.ts'
import type { Expected } from './connection.ts'
import type { Load } from './protocol.ts'
import { rangeValue, stretchesOf } from './range-field.ts'

/** A request's head and the expected answer. */
export interface Question {
  readonly text: string
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
  const fields = Object.entries(load.headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const start = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields.join('')}`
  const next = randomNumbers(2)
  const make = (): Question => {
    const stretches = stretchesOf(load.ranges, next)
    const range = stretches.length === 0 ? '' : `Range: ${rangeValue(stretches)}\r\n`
    // A multipart answer does not start with content of the file.
    const firstByte = stretches.length > 1 ? undefined : byteAt(stretches[0]?.first ?? 0)
    return { text: `${start}${range}\r\n`, expected: { ...load.expected, firstByte } }
  }
  if (load.ranges.kind === 'random') return make
  const always = make()
  return () => always
}
