/** The options of `@fastify/cors` that {@link corsOptions} sets. */
export interface CorsOptions {
  /** Access-Control-Allow-Methods: the methods that read files. */
  readonly methods: string[]
  /** Access-Control-Allow-Headers: the fields that a page may send to ask for ranges, conditions, and digests. */
  readonly allowedHeaders: string[]
  /** Access-Control-Expose-Headers: the fields of an answer that a page may read. */
  readonly exposedHeaders: string[]
}

/**
 * Options for `@fastify/cors` that let pages of other origins read files by ranges. Without them a page gets the bytes,
 * but does not see which ones they are (Content-Range), or of which version (ETag). Readers of PDF, PMTiles or Parquet
 * then fetch whole files or fail.
 *
 * @example
 * await fastify.register(cors, { ...corsOptions(), origin: 'https://viewer.example' })
 */
export function corsOptions(): CorsOptions {
  return {
    methods: ['GET', 'HEAD'],
    allowedHeaders: [
      'Range',
      'If-Range',
      'If-Match',
      'If-None-Match',
      'If-Modified-Since',
      'If-Unmodified-Since',
      'Want-Repr-Digest',
      'Want-Content-Digest',
    ],
    exposedHeaders: [
      'Accept-Ranges',
      'Content-Range',
      'Content-Length',
      'ETag',
      'Last-Modified',
      'Content-Disposition',
      'Repr-Digest',
      'Content-Digest',
    ],
  }
}
