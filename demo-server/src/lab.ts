import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GeneratedFile } from './generated-file.ts'
import { pace } from './pace.ts'
import { refuseOtherOrigins } from './same-origin.ts'
import { clip } from './video/clip.ts'

const MEBIBYTE = 1024 * 1024
/** In MiB: large enough to be cut in the middle, small enough for a phone. */
const BIG_FILE_SIZE = 48

const NAMES = ['big.bin', 'clip.mp4'] as const
type Name = (typeof NAMES)[number]

const nameParams = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', enum: NAMES } },
} as const
const fileQuery = {
  type: 'object',
  properties: {
    download: { type: 'boolean', default: false },
    pace: { type: 'integer', minimum: 1, maximum: 1024, description: 'MiB per second; no limit without it' },
  },
} as const
const checksumReply = {
  type: 'object',
  required: ['size', 'sha256'],
  properties: { size: { type: 'integer' }, sha256: { type: 'string' } },
} as const
const cutReply = { type: 'object', required: ['cut'], properties: { cut: { type: 'integer' } } } as const

interface FileQuery {
  download: boolean
  pace?: number
}

/** The options of the lab. */
export interface LabOptions {
  /** The folder of the generated files. It is created if it does not exist. */
  dataDir: string
  /** The size of `big.bin`, in MiB. Default: 48. */
  bigFileSize?: number | undefined
}

/** `/lab/…`: files that can be cut and replaced, and the routes that do so. It changes no other files. */
export async function lab(app: FastifyInstance, options: LabOptions): Promise<void> {
  const { dataDir, bigFileSize = BIG_FILE_SIZE } = options
  const files: Record<Name, GeneratedFile> = {
    'big.bin': new GeneratedFile(join(dataDir, 'big.bin'), () => bigFile(bigFileSize)),
    'clip.mp4': new GeneratedFile(join(dataDir, 'clip.mp4'), clip),
  }
  const underWay = new Set<ServerResponse>()

  app.get<{ Params: { name: Name }; Querystring: FileQuery }>(
    '/:name',
    { onSend: slowDown, schema: { params: nameParams, querystring: fileQuery }, config: { live: true } },
    async ({ params: { name }, query }, reply) => {
      const { raw } = reply
      // Before any wait: a client may leave while the file is made, and `close` comes once.
      underWay.add(raw)
      raw.once('close', () => underWay.delete(raw))
      await files[name].ready()
      // Revalidated each time, so that the browser notices a replaced file. An unchanged one costs a 304.
      return reply.sendRange(name, { root: dataDir, cacheControl: 'no-cache', download: query.download })
    },
  )

  app.get<{ Params: { name: Name } }>(
    '/:name/checksum',
    { schema: { params: nameParams, response: { 200: checksumReply } } },
    async ({ params: { name } }, reply) => {
      reply.header('cache-control', 'no-store')
      return files[name].checksum()
    },
  )

  changes(app, files['big.bin'], underWay)
}

/** The routes that replace the big file, and cut the answers that are under way. */
function changes(app: FastifyInstance, replaced: GeneratedFile, underWay: ReadonlySet<ServerResponse>): void {
  app.post(
    '/big.bin/replace',
    { preHandler: refuseOtherOrigins, schema: { response: { 200: checksumReply } } },
    async () => {
      await replaced.replace()
      return replaced.checksum()
    },
  )

  app.post('/cut', { preHandler: refuseOtherOrigins, schema: { response: { 200: cutReply } } }, async () => {
    const cut = underWay.size
    for (const response of underWay) response.destroy()
    return { cut }
  })
}

/** An onSend hook: sends the body at the pace in the query. */
async function slowDown(request: FastifyRequest, _reply: FastifyReply, payload: unknown): Promise<unknown> {
  const { pace: mebibytes } = request.query as FileQuery
  if (mebibytes === undefined || !(payload instanceof Readable)) return payload
  return pace(payload, mebibytes * MEBIBYTE)
}

function* bigFile(mebibytes: number): Generator<Buffer> {
  for (let count = 0; count < mebibytes; count++) yield randomBytes(MEBIBYTE)
}
