import { fileURLToPath } from 'node:url'
import helmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

const PUBLIC = fileURLToPath(new URL('../public/', import.meta.url))

/** What the page's security policy depends on. */
export interface PageOptions {
  /** The port of the other origin, undefined until it listens. */
  otherPort: () => number | undefined
}

/** `GET /` and what it loads, under a policy that allows our own files and nothing inline. */
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
    // This server speaks HTTP: a promise of HTTPS would lock out whatever else is served under this name, and the
    // other two count for HTTPS only; browsers warn of them in the console.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  })
  // Without the wildcard every file is a route of its own, and all other names are left to the demo's files.
  await app.register(fastifyStatic, { root: PUBLIC, wildcard: false })
}
