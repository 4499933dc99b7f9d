import type { Server } from './server.ts'

/** The servers that are measured. */
export type ContenderName =
  | 'ours'
  | 'static'
  | 'fixed'
  | 'node'
  | 'nginx'
  | 'nginx-cache'
  | 'apache'
  | 'go'
  | 'caddy'
  | 'bun'

/** A running contender. */
export interface Contender {
  readonly name: ContenderName
  readonly server: Server
}

/** Their names in the tables. */
export const LABELS: Readonly<Record<ContenderName, string>> = {
  ours: 'fastify-send-range',
  static: '@fastify/static',
  fixed: 'Fastify, fixed answer',
  node: 'bare node:http',
  nginx: 'nginx',
  'nginx-cache': 'nginx, open_file_cache',
  apache: 'Apache',
  go: 'Go net/http',
  caddy: 'Caddy',
  bun: 'Bun, dir',
}
