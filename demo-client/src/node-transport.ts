// The transport over node:http, as the options ask for it.
import type { HttpClient } from './http/answer.ts'
import { readNetrc } from './http/netrc-file.ts'
import { NodeClient, type NodeClientSettings } from './http/node-client.ts'
import type { Settings } from './options.ts'
import type { Warnings } from './text/warnings.ts'

/** The client of one download. @throws DownloadError `ERR_DOWNLOAD_USAGE` if a file that it needs cannot be used */
export function nodeClient(settings: Settings, warnings: Warnings): HttpClient {
  return new NodeClient(clientSettingsOf(settings, warnings))
}

/** What a client needs of the settings. @throws DownloadError `ERR_DOWNLOAD_USAGE` if its netrc file cannot be used */
export function clientSettingsOf(settings: Settings, warnings: Warnings): NodeClientSettings {
  const { connectTimeout, stallTimeout, maxRedirects, proxy, caFile, certFile, keyFile } = settings
  return {
    connectTimeout,
    headTimeout: stallTimeout,
    maxRedirects,
    proxy,
    trust: { caFile, certFile, keyFile },
    credentials: settings.netrc === 'use' ? readNetrc(process.env, warnings) : null,
    env: process.env,
  }
}
