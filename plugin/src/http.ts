// The entry point `fastify-send-range/http`.
export type { OutgoingRequest } from './upstream/exchange.ts'
export type { HttpSourceOptions, OutgoingHeaders, UpstreamOptions } from './upstream/http-options.ts'
export { httpSource } from './upstream/http-source.ts'
export { encodePath } from './upstream/object-key.ts'
