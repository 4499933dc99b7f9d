import type { FastifyInstance } from 'fastify'

/** The first port to try when none is given. */
const FIRST_PORT = 3000
/** How many ports are tried. */
const PORTS_TO_TRY = 100

/** Where to listen. Without `port`: 3000 or the next free port. */
export interface ListenOptions {
  host: string
  port?: number | undefined
}

/**
 * Makes the server listen and logs its URL in one line.
 *
 * @returns the URL to open, without a trailing slash
 * @throws the system's error (EADDRINUSE, EACCES, EADDRNOTAVAIL, …) when it cannot listen there
 */
export async function listen(app: FastifyInstance, { host, port }: ListenOptions): Promise<string> {
  if (port !== undefined) return app.listen({ host, port, listenTextResolver: announce })
  const last = FIRST_PORT + PORTS_TO_TRY - 1
  for (let candidate = FIRST_PORT; ; candidate++) {
    const listenTextResolver = candidate === FIRST_PORT ? announce : announceInstead
    try {
      return await app.listen({ host, port: candidate, listenTextResolver })
    } catch (error) {
      if (!isPortTaken(error) || candidate === last) throw error
    }
  }
}

const announce = (url: string): string => `demo server at ${url}`
const announceInstead = (url: string): string => `${announce(url)} (port ${FIRST_PORT} is in use)`

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
