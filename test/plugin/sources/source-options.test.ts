import { bufferSource, fileSource } from 'fastify-send-range'
import { httpSource } from 'fastify-send-range/http'
import { s3Source } from 'fastify-send-range/s3'
import t from 'tap'
import { callSettings, defaultSettings, registrationSettings } from '#plugin/settings.js'

const OPTION_ERROR = { name: 'SendRangeError', code: 'ERR_RANGE_OPTION' }
const S3 = { bucket: 'b', region: 'r', credentials: { accessKeyId: 'a', secretAccessKey: 's' } }

/** What takes options, as JavaScript calls it. */
const TAKERS: Readonly<Record<string, (options: object) => unknown>> = {
  'the registration': registrationSettings,
  sendRange: (options) => callSettings(defaultSettings(), options),
  fileSource,
  bufferSource: (options) => bufferSource(Buffer.from('a'), options),
  httpSource: (options) => httpSource({ url: () => undefined, ...options }),
  s3Source: (options) => s3Source({ ...S3, ...options }),
}

for (const [taker, name, nearest] of [
  ['the registration', 'cachecontrol', 'cacheControl'],
  ['the registration', 'dotFile', 'dotfiles'],
  ['sendRange', 'disposition', undefined],
  ['sendRange', 'maxRange', 'maxRanges'],
  ['fileSource', 'Root', 'root'],
  ['bufferSource', 'lastmodified', 'lastModified'],
  ['httpSource', 'uri', 'url'],
  ['httpSource', 'connTimeout', 'connectTimeout'],
  ['httpSource', 'bucket', undefined],
  ['s3Source', 'endpint', 'endpoint'],
  ['s3Source', 'creds', 'credentials'],
  ['s3Source', 'forcePathStyle', undefined],
  ['s3Source', 'url', undefined],
] as const) {
  t.test(`an unknown option of ${taker} is refused (${name})`, async (t) => {
    const hint = nearest === undefined ? '' : `. Did you mean '${nearest}'?`
    const message = `There is no option '${name}'${hint}`
    t.throws(() => TAKERS[taker]?.({ [name]: 'x' }), { ...OPTION_ERROR, message })
  })
}

for (const [taker, options] of [
  ['fileSource', { root: 7 }],
  ['bufferSource', { contentType: 7 }],
  ['httpSource', { url: 'https://example.org/' }],
  ['httpSource', { maxConnections: '64' }],
  ['httpSource', { headers: [['a', 'b']] }],
  ['s3Source', { bucket: 7 }],
  ['s3Source', { endpoint: 'store:9000/files' }],
  ['s3Source', { pathStyle: 'true' }],
  ['s3Source', { credentials: { accessKeyId: 'a' } }],
] as const) {
  const [option = ''] = Object.keys(options)
  t.test(`an option of ${taker} of a wrong kind is refused (${option})`, async (t) => {
    const message = new RegExp(`^The option '${option}' must be `)
    t.throws(() => TAKERS[taker]?.(options), { ...OPTION_ERROR, message })
  })
}

for (const [taker, take] of Object.entries({ httpSource, s3Source })) {
  t.test(`${taker} without options is refused`, async (t) => {
    t.throws(() => Reflect.apply(take, undefined, []), OPTION_ERROR)
    t.throws(() => Reflect.apply(take, undefined, [{}]), OPTION_ERROR)
  })
}
