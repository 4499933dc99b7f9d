import { apacheVersion, startApache } from './apache.ts'
import { bunVersion, startBun } from './bun.ts'
import { caddyVersion, startCaddy } from './caddy.ts'
import type { Certificate } from './certificate.ts'
import type { ContenderName } from './contender.ts'
import { goVersion, startGo } from './go.ts'
import { nginxVersion, startNginx } from './nginx.ts'
import type { Server } from './server.ts'

/** A server that is not a part of this repository or its packages, and may not be installed. */
export interface Peer {
  readonly program: string
  /** The contenders that it runs as. */
  readonly names: readonly ContenderName[]
  /** Its name and version, or undefined if it is not installed. */
  version(): Promise<string | undefined>
  /** Those of them that take part with TLS, over HTTP/1.1 and HTTP/2. */
  readonly secureNames: readonly ContenderName[]
  /** Starts it as one of its contenders. With a certificate it speaks TLS. */
  start(name: ContenderName, root: string, secure?: Certificate): Promise<Server>
}

/** All of them, in the order of the tables. `bun` is the command of Bun. */
export function peersWith(bun: string): readonly Peer[] {
  return [
    {
      program: 'nginx',
      names: ['nginx', 'nginx-cache'],
      secureNames: ['nginx'],
      version: nginxVersion,
      start: (name, root, secure) => startNginx(root, name === 'nginx' ? 'off' : 'on', secure),
    },
    {
      program: 'Apache',
      names: ['apache'],
      secureNames: [],
      version: apacheVersion,
      start: (_name, root) => startApache(root),
    },
    {
      program: 'Go',
      names: ['go'],
      secureNames: ['go'],
      version: goVersion,
      start: (_name, root, secure) => startGo(root, secure),
    },
    {
      program: 'Caddy',
      names: ['caddy'],
      secureNames: ['caddy'],
      version: caddyVersion,
      start: (_name, root, secure) => startCaddy(root, secure),
    },
    {
      program: 'Bun',
      names: ['bun'],
      secureNames: [],
      version: () => bunVersion(bun),
      start: (_name, root) => startBun(bun, root),
    },
  ]
}
