import { fileURLToPath } from 'node:url'
import helmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

const PUBLIC = fileURLToPath(new URL('../public/', import.meta.url))
/** The rules of range-get, which the build bundles for the page. */
const BUILT = fileURLToPath(new URL('../dist/page/', import.meta.url))

/** What the page's security policy depends on. */
export interface PageOptions {
  /** The port of the other origin, or undefined until it listens. */
  otherPort: () => number | undefined
}

/** `GET /` and the files it loads. The policy allows only our own files and no inline code. */
export async function page(app: FastifyInstance, { otherPort }: PageOptions): Promise<void> {
  const otherOrigin = (): string => {
    const port = otherPort()
    return port === undefined ? "'self'" : `http://*:${port}`
  }
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        mediaSrc: ["'self'"],
        workerSrc: ["'self'"],
        connectSrc: ["'self'", otherOrigin],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // This server speaks HTTP. Strict-Transport-Security would block other HTTP servers under this name. The other
    // two fields apply to HTTPS only, and browsers warn about them in the console.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  })
  // Without the wildcard each file has its own route, and all other names are routed to the files of the walk.
  await app.register(fastifyStatic, { root: [PUBLIC, BUILT], wildcard: false })
}
