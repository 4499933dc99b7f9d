// The arguments of a download, and its parts that a test can replace.
import type { Destination } from './disk/destination.ts'
import type { Clock } from './files/direct-writes.ts'
import type { HttpClient } from './http/answer.ts'
import { readNetrc } from './http/netrc-file.ts'
import { NodeClient } from './http/node-client.ts'
import type { AnyOptions, Settings } from './options.ts'
import type { DescriptorOutput } from './stream/descriptor-output.ts'
import type { OutputStream } from './stream/open-output.ts'
import type { Warnings } from './text/warnings.ts'

/** The arguments of `download()`. */
export interface DownloadRequest {
  readonly url: string | URL
  readonly destination: Destination | OutputStream | DescriptorOutput
  readonly options: AnyOptions
}

/** What a test can replace. */
export interface DownloadParts {
  /** Makes the transport, and warns of what is not safe. */
  readonly createClient: (settings: Settings, warnings: Warnings) => HttpClient
  /** Measures whether bytes come fast. */
  readonly clock: Clock
}

/** The transport over node:http. @throws DownloadError `ERR_DOWNLOAD_USAGE` if a file that it needs cannot be used */
export function nodeClient(settings: Settings, warnings: Warnings): HttpClient {
  const { connectTimeout, stallTimeout, maxRedirects, proxy, caFile, certFile, keyFile } = settings
  return new NodeClient({
    connectTimeout,
    headTimeout: stallTimeout,
    maxRedirects,
    proxy,
    trust: { caFile, certFile, keyFile },
    credentials: settings.netrc === 'use' ? readNetrc(process.env, warnings) : null,
    env: process.env,
  })
}
