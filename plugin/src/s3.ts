// The entry point `fastify-send-range/s3`.
export type { UpstreamOptions } from './upstream/http-options.ts'
export type { OutgoingHeaders } from './upstream/request-fields.ts'
export type { Credentials, S3SourceOptions } from './upstream/s3-options.ts'
export { s3Source } from './upstream/s3-source.ts'
