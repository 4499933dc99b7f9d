import t from 'tap'
import { bucketUrl, ObjectUrls, objectUrl } from '#plugin/upstream/s3-location.js'

const films = { bucket: 'films', region: 'eu-central-1' }

for (const [options, url] of [
  [films, 'https://films.s3.eu-central-1.amazonaws.com/'],
  [{ ...films, bucket: 'my.films' }, 'https://s3.eu-central-1.amazonaws.com/my.films/'],
  [{ ...films, pathStyle: true }, 'https://s3.eu-central-1.amazonaws.com/films/'],
  [{ ...films, endpoint: 'http://127.0.0.1:9000' }, 'http://127.0.0.1:9000/films/'],
  [{ ...films, endpoint: new URL('http://store/s3') }, 'http://store/s3/films/'],
  [{ ...films, endpoint: 'http://store/s3/', pathStyle: false }, 'http://films.store/s3/'],
  [{ ...films, region: 'cn-north-1' }, 'https://films.s3.cn-north-1.amazonaws.com.cn/'],
  // Names that no host can have: without the bucket, each key would name a bucket itself.
  [{ ...films, bucket: 'a:b' }, 'https://s3.eu-central-1.amazonaws.com/a%3Ab/'],
  [{ ...films, bucket: 'Films' }, 'https://s3.eu-central-1.amazonaws.com/Films/'],
  [{ ...films, bucket: 'xn--' }, 'https://s3.eu-central-1.amazonaws.com/xn--/'],
] as const) {
  t.test(`the bucket of ${JSON.stringify(options)} is at ${url}`, async (t) => {
    t.equal(bucketUrl(options).href, url)
  })
}

for (const [name, options] of Object.entries({
  'an IPv4 address': { ...films, endpoint: 'http://127.0.0.1:9000' },
  'an IPv6 address': { ...films, endpoint: 'http://[::1]:9000' },
  'a name with a colon': { ...films, bucket: 'a:b' },
  'a name with capitals': { ...films, bucket: 'Films', endpoint: 'http://store' },
})) {
  t.test(`a bucket that should be in the host is refused for ${name}`, async (t) => {
    t.throws(() => bucketUrl({ ...options, pathStyle: false }), { code: 'ERR_RANGE_OPTION' })
  })
}

t.test('a key is a path below the bucket, whatever is in its name', async (t) => {
  const base = new URL('http://store/films/')
  t.equal(
    objectUrl({ base, key: 'a/b c?#+&é', id: undefined }).href,
    'http://store/films/a/b%20c%3F%23%2B%26%C3%A9',
  )
  t.equal(objectUrl({ base, key: "!'()*", id: undefined }).href, 'http://store/films/%21%27%28%29%2A')
  t.equal(objectUrl({ base, key: 'a', id: 'x&y=' }).href, 'http://store/films/a?versionId=x%26y%3D')
})

t.test('a limited number of URLs is kept', async (t) => {
  const urls = new ObjectUrls(new URL('http://store/films/'))
  const first = urls.of('0')
  t.equal(first?.href, 'http://store/films/0')
  t.equal(urls.of('0'), first)
  for (let number = 1; number < 256; number++) urls.of(String(number))
  t.equal(urls.of('0'), first)
  t.equal(urls.of('one more')?.href, 'http://store/films/one%20more')
  const again = urls.of('0')
  t.not(again, first)
  t.equal(again?.href, first?.href)
})

t.test('a key that no object has has no URL', async (t) => {
  const urls = new ObjectUrls(new URL('http://store/films/'))
  for (const key of ['', '../a', 'a//b', 'a'.repeat(1025)]) t.equal(urls.of(key), undefined, key)
})
