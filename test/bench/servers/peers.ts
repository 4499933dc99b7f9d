import { apacheVersion, startApache } from './apache.ts'
import { bunVersion, startBun } from './bun.ts'
import { caddyVersion, startCaddy } from './caddy.ts'
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
  /** Starts it as one of its contenders. */
  start(name: ContenderName, root: string): Promise<Server>
}

/** All of them, in the order of the tables. `bun` is the command of Bun. */
export function peersWith(bun: string): readonly Peer[] {
  return [
    {
      program: 'nginx',
      names: ['nginx', 'nginx-cache'],
      version: nginxVersion,
      start: (name, root) => startNginx(root, name === 'nginx' ? 'off' : 'on'),
    },
    {
      program: 'Apache',
      names: ['apache'],
      version: apacheVersion,
      start: (_name, root) => startApache(root),
    },
    {
      program: 'Go',
      names: ['go'],
      version: goVersion,
      start: (_name, root) => startGo(root),
    },
    {
      program: 'Caddy',
      names: ['caddy'],
      version: caddyVersion,
      start: (_name, root) => startCaddy(root),
    },
    {
      program: 'Bun',
      names: ['bun'],
      version: () => bunVersion(bun),
      start: (_name, root) => startBun(bun, root),
    },
  ]
}
