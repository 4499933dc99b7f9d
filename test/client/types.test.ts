import { expectTypeOf } from 'expect-type'
import * as door from 'range-get'
import {
  type Destination,
  type Download,
  DownloadError,
  type DownloadErrorCode,
  type DownloadErrorDetails,
  type DownloadOptions,
  type DownloadProgress,
  type DownloadResult,
  type DownloadState,
  download,
  type OutputStream,
  type SegmentReport,
  type StreamedResult,
  type StreamOptions,
} from 'range-get'
import t from 'tap'

// Most of this file is checked by the compiler: a wrong expectation, or an error that is not there, fails the build.

t.test('what the door exports', async (t) => {
  t.strictSame(Object.keys(door).sort(), [
    'DownloadError',
    'download',
    'downloadAll',
    'readMetalink',
    'verifyFile',
  ])
})

t.test('download() and its handle', async (t) => {
  interface Start {
    (url: string | URL, stream: OutputStream, options?: StreamOptions): Download<StreamedResult>
    (url: string | URL, destination: Destination, options?: DownloadOptions): Download
  }
  expectTypeOf(download).toEqualTypeOf<Start>()
  expectTypeOf<Destination>().toEqualTypeOf<string | { readonly directory: string }>()
  expectTypeOf<Download['finished']>().toEqualTypeOf<Promise<DownloadResult>>()
  expectTypeOf<Download['progress']>().toEqualTypeOf<DownloadProgress>()
  expectTypeOf<Download>().toExtend<AsyncIterable<DownloadProgress>>()
  expectTypeOf<Download['pause']>().toEqualTypeOf<() => void>()
  expectTypeOf<Download['resume']>().toEqualTypeOf<() => void>()
  expectTypeOf<DownloadResult['integrity']>().toEqualTypeOf<
    'checksum' | 'digest' | 'undamaged' | 'length' | 'nothing'
  >()
  expectTypeOf<DownloadResult['duration']>().toEqualTypeOf<number>()
  expectTypeOf<DownloadResult['speed']>().toEqualTypeOf<number>()
  expectTypeOf<DownloadResult['etag']>().toEqualTypeOf<string | null>()
  t.pass('by the compiler')
})

t.test('options', async (t) => {
  expectTypeOf<DownloadOptions['existing']>().toEqualTypeOf<'refuse' | 'replace' | 'update' | undefined>()
  expectTypeOf<DownloadOptions['resume']>().toEqualTypeOf<'auto' | 'never' | undefined>()
  expectTypeOf<DownloadOptions['signal']>().toEqualTypeOf<AbortSignal | undefined>()
  expectTypeOf<Parameters<NonNullable<DownloadOptions['onSegment']>>>().toEqualTypeOf<[SegmentReport]>()
  const options: DownloadOptions = { connections: 2, headers: { 'x-a': 'b' } }
  // @ts-expect-error options are not changed once they are given
  options.connections = 3
  // @ts-expect-error the set is closed
  const closed: DownloadOptions = { html: 'maybe' }
  // @ts-expect-error there is no such option
  const unknown: DownloadOptions = { segments: 3 }
  // @ts-expect-error left out, rather than undefined
  const absent: DownloadOptions = { retries: undefined }
  t.ok([options, closed, unknown, absent])
})

t.test('progress', async (t) => {
  type States =
    | 'starting'
    | 'checking'
    | 'downloading'
    | 'waiting'
    | 'paused'
    | 'verifying'
    | 'finished'
    | 'failed'
  expectTypeOf<DownloadState>().toEqualTypeOf<States>()
  expectTypeOf<DownloadProgress['total']>().toEqualTypeOf<number | null>()
  t.pass('by the compiler')
})

t.test('errors', async (t) => {
  const details: DownloadErrorDetails = { cause: new Error('below'), statusCode: 404 }
  const error = new DownloadError('ERR_DOWNLOAD_HTTP', 'it answered 404', details)
  expectTypeOf(error.code).toEqualTypeOf<DownloadErrorCode>()
  expectTypeOf(error.statusCode).toEqualTypeOf<number | undefined>()
  expectTypeOf<DownloadErrorCode>().toExtend<`ERR_DOWNLOAD_${string}`>()
  // @ts-expect-error the set is closed
  const unknown = new DownloadError('ERR_DOWNLOAD_BORED', '')
  t.match(error, {
    name: 'DownloadError',
    code: 'ERR_DOWNLOAD_HTTP',
    statusCode: 404,
    cause: { message: 'below' },
  })
  t.ok(unknown instanceof Error)
})
