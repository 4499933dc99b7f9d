import type { Server } from './server.ts'

/** Who is measured. */
export type ContenderName = 'ours' | 'static' | 'fixed' | 'nginx' | 'nginx-cache'

/** A contender, running. */
export interface Contender {
  readonly name: ContenderName
  readonly server: Server
}

/** What tables call them. */
export const LABELS: Readonly<Record<ContenderName, string>> = {
  ours: 'fastify-send-range',
  static: '@fastify/static',
  fixed: 'Fastify, fixed answer',
  nginx: 'nginx',
  'nginx-cache': 'nginx, open_file_cache',
}
