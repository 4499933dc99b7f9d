import t from 'tap'
import { isMultipart, mediaTypeOf } from '#plugin/rules/media-type.js'

t.test('the formats that are often read by ranges have their media types', async (t) => {
  const cases = [
    ['movie.mp4', 'video/mp4'],
    ['movie.webm', 'video/webm'],
    ['song.mp3', 'audio/mpeg'],
    ['song.flac', 'audio/flac'],
    ['song.m4a', 'audio/mp4'],
    ['segment.m4s', 'video/iso.segment'],
    ['segment.ts', 'video/mp2t'],
    ['stream.mpd', 'application/dash+xml'],
    ['stream.m3u8', 'application/vnd.apple.mpegurl'],
    ['map.pmtiles', 'application/vnd.pmtiles'],
    ['data.parquet', 'application/vnd.apache.parquet'],
    ['data.geojson', 'application/geo+json'],
    ['image.tif', 'image/tiff'],
    ['image.avif', 'image/avif'],
    ['paper.pdf', 'application/pdf'],
    ['archive.zip', 'application/zip'],
    ['module.wasm', 'application/wasm'],
    ['data.json', 'application/json'],
    ['font.woff2', 'font/woff2'],
  ] as const
  for (const [path, want] of cases) t.equal(mediaTypeOf(path), want, path)
})

t.test('text is declared as UTF-8', async (t) => {
  const cases = [
    ['a.txt', 'text/plain; charset=utf-8'],
    ['a.html', 'text/html; charset=utf-8'],
    ['a.css', 'text/css; charset=utf-8'],
    ['a.csv', 'text/csv; charset=utf-8'],
    ['a.js', 'text/javascript; charset=utf-8'],
    ['a.mjs', 'text/javascript; charset=utf-8'],
    ['a.cjs', 'text/javascript; charset=utf-8'],
    ['a.vtt', 'text/vtt; charset=utf-8'],
  ] as const
  for (const [path, want] of cases) t.equal(mediaTypeOf(path), want, path)
})

t.test('a type is chosen by the last extension of the last segment, in any case', async (t) => {
  t.equal(mediaTypeOf('A.PNG'), 'image/png')
  t.equal(mediaTypeOf('a.png.gz'), 'application/gzip')
  t.equal(mediaTypeOf('folder.png/a.txt'), 'text/plain; charset=utf-8')
})

t.test('a path without a known extension is application/octet-stream', async (t) => {
  const paths = [
    'a',
    'a.',
    'a.unheard-of',
    'model.safetensors',
    'model.gguf',
    'array.zarr',
    '.png',
    'folder/.txt',
    'folder.png/a',
    'png',
    'a.png/',
    '',
    'a.constructor',
    'a.__proto__',
    'a.hasownproperty',
    'a.tostring',
    'a.text/html',
  ]
  for (const path of paths) t.equal(mediaTypeOf(path), 'application/octet-stream', JSON.stringify(path))
})

t.test(
  'multipart/byteranges is the type of several ranges, in any case and with any parameters',
  async (t) => {
    for (const type of [
      'multipart/byteranges',
      'multipart/byteranges; boundary=a',
      'Multipart/ByteRanges ;boundary="a"',
    ])
      t.ok(isMultipart(type), type)
    for (const type of ['', 'multipart/mixed; boundary=a', 'multipart/byteranges2', 'text/plain'])
      t.notOk(isMultipart(type), type)
  },
)
