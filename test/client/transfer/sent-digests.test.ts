// Digests of the whole file in the trailers of its answers.
import t from 'tap'
import type { Answer } from '#client/http/answer.js'
import { VersionChanged } from '#client/schedule/attempt-failure.js'
import { SentDigests } from '#client/transfer/sent-digests.js'

const [A, B] = ['A', 'B'].map((letter) => Buffer.alloc(32, letter).toString('base64'))

const withTrailers = (trailers: Readonly<Record<string, string>>): Answer => {
  const lines = new Map(Object.entries(trailers).map(([name, value]) => [name, [value]]))
  return { trailers: () => lines } as unknown as Answer
}

t.test('a Repr-Digest in a trailer is one of the whole file', async (t) => {
  const digests = new SentDigests()
  t.strictSame(digests.all, {})
  digests.learn(withTrailers({ 'repr-digest': `sha-256=:${A}:` }), 'part')
  t.strictSame(digests.all, { 'sha-256': A })
})

t.test('a Content-Digest is one of the whole file only if the body was the whole file', async (t) => {
  const answer = withTrailers({ 'content-digest': `sha-256=:${A}:` })
  const part = new SentDigests()
  part.learn(answer, 'part')
  t.strictSame(part.all, {})
  const whole = new SentDigests()
  whole.learn(answer, 'whole')
  t.strictSame(whole.all, { 'sha-256': A })
})

t.test('another digest than before means another version', async (t) => {
  const digests = new SentDigests()
  digests.learn(withTrailers({ 'repr-digest': `sha-256=:${A}:` }), 'part')
  digests.learn(withTrailers({ 'repr-digest': `sha-256=:${A}:` }), 'part')
  const another = t.throws(() => digests.learn(withTrailers({ 'repr-digest': `sha-256=:${B}:` }), 'part'))
  t.type(another, VersionChanged)
})
