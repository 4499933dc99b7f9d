// The entry point `fastify-send-range/http`.
export type { OutgoingRequest } from './upstream/exchange.ts'
export type { HttpSourceOptions, UpstreamOptions } from './upstream/http-options.ts'
export { httpSource } from './upstream/http-source.ts'
export { encodePath } from './upstream/object-key.ts'
export type { OutgoingHeaders } from './upstream/request-fields.ts'
