/** What {@link corsOptions} sets of the options of `@fastify/cors`. */
export interface CorsOptions {
  /** Access-Control-Allow-Methods: what files are read with. */
  readonly methods: string[]
  /** Access-Control-Allow-Headers: what a page may send to ask for ranges, and under conditions. */
  readonly allowedHeaders: string[]
  /** Access-Control-Expose-Headers: what a page may read of an answer. */
  readonly exposedHeaders: string[]
}

/**
 * Options for `@fastify/cors` that let pages of other origins read files by ranges. Without them a page gets the
 * bytes, but neither sees which ones they are (Content-Range) nor of which version (ETag), and readers of PDF, PMTiles
 * or Parquet fetch whole files or fail.
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
    ],
    exposedHeaders: [
      'Accept-Ranges',
      'Content-Range',
      'Content-Length',
      'ETag',
      'Last-Modified',
      'Content-Disposition',
    ],
  }
}
