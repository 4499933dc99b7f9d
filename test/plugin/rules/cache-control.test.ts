import t from 'tap'
import { cacheControlText } from '#plugin/rules/cache-control.js'

for (const { name, directives, text } of [
  { name: 'a time', directives: { maxAge: 3600 }, text: 'max-age=3600' },
  { name: 'no time at all', directives: { maxAge: 0 }, text: 'max-age=0' },
  { name: 'the longest time', directives: { maxAge: 2 ** 31 }, text: 'max-age=2147483648' },
  {
    name: 'a file that never changes',
    directives: { scope: 'public', maxAge: 31_536_000, immutable: true },
    text: 'public, max-age=31536000, immutable',
  },
  { name: 'a private file', directives: { scope: 'private', noCache: true }, text: 'private, no-cache' },
  { name: 'a file that no cache keeps', directives: { noStore: true }, text: 'no-store' },
  {
    name: 'a private file that no cache keeps',
    directives: { scope: 'private', noStore: true },
    text: 'private, no-store',
  },
  { name: 'a shared cache', directives: { maxAge: 1, sharedMaxAge: 60 }, text: 'max-age=1, s-maxage=60' },
  {
    name: 'everything else',
    directives: {
      maxAge: 1,
      mustRevalidate: true,
      noTransform: true,
      staleWhileRevalidate: 2,
      staleIfError: 3,
    },
    text: 'max-age=1, must-revalidate, no-transform, stale-while-revalidate=2, stale-if-error=3',
  },
  {
    name: 'switches that are off',
    directives: { maxAge: 1, immutable: false, noStore: undefined },
    text: 'max-age=1',
  },
]) {
  t.test(`${name} is "${text}"`, async (t) => {
    t.equal(cacheControlText(directives), text)
  })
}

for (const { name, directives } of [
  { name: 'nothing', directives: {} },
  { name: 'nothing but switches that are off', directives: { immutable: false } },
  { name: 'an unknown directive', directives: { maxage: 1 } },
  { name: 'a name of every object', directives: { toString: 1 } },
  { name: 'a time as a text', directives: { maxAge: '1d' } },
  { name: 'a negative time', directives: { maxAge: -1 } },
  { name: 'a part of a second', directives: { maxAge: 0.5 } },
  { name: 'a time that is too long', directives: { maxAge: 2 ** 31 + 1 } },
  { name: 'no number', directives: { sharedMaxAge: Number.NaN } },
  { name: 'a time that is false', directives: { maxAge: false } },
  { name: 'a switch that is a text', directives: { noStore: 'true' } },
  { name: 'an unknown scope', directives: { scope: 'shared' } },
  { name: 'a scope that is false', directives: { scope: false } },
  { name: 'no-store with a time (RFC 9111 §5.2.2.5)', directives: { noStore: true, maxAge: 1 } },
  { name: 'no-store with no-cache', directives: { noStore: true, noCache: true } },
  { name: 'no-store in public', directives: { noStore: true, scope: 'public' } },
  {
    name: 'private with a time of shared caches (§5.2.2.7)',
    directives: { scope: 'private', sharedMaxAge: 1 },
  },
  { name: 'immutable without a time (RFC 8246 §2)', directives: { immutable: true } },
  { name: 'immutable for no time', directives: { immutable: true, maxAge: 0 } },
  { name: 'immutable with no-cache', directives: { immutable: true, maxAge: 1, noCache: true } },
  { name: 'immutable with no-store', directives: { immutable: true, noStore: true } },
]) {
  t.test(`${name} is not a Cache-Control`, async (t) => {
    t.equal(cacheControlText(directives), undefined)
  })
}

t.test('what all objects inherit is not a directive', async (t) => {
  Object.defineProperty(Object.prototype, 'noStore', { value: true, enumerable: true, configurable: true })
  t.teardown(() => Reflect.deleteProperty(Object.prototype, 'noStore'))
  t.equal(cacheControlText({ maxAge: 1 }), 'max-age=1')
})
