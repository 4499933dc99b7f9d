import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { REPOSITORY } from '../../support/repository.ts'

/** The values of a snippet's placeholders. */
export type Placeholders = Readonly<Record<string, string>>

/** A folder inside the repository, so that imports resolve as in a project. It is removed with the test. */
export async function projectFolder(t: Test): Promise<string> {
  const parent = join(REPOSITORY, '.build', 'docs')
  await mkdir(parent, { recursive: true })
  const folder = await mkdtemp(join(parent, 'project-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Runs a block as a module and returns what it exports. Fails when a placeholder is not in it. */
export async function runModule(t: Test, code: string): Promise<Readonly<Record<string, unknown>>> {
  const path = join(await projectFolder(t), 'snippet.mjs')
  await writeFile(path, code)
  return await import(pathToFileURL(path).href)
}

/** The lines that a recipe of the plugin's README leaves out: "They continue the usage above". */
function complete(code: string): string {
  const lines: string[] = []
  const hasInstance = code.includes('const fastify =')
  if (!code.includes("import Fastify from 'fastify'")) lines.push("import Fastify from 'fastify'")
  if (!code.includes('import rangePlugin')) lines.push("import rangePlugin from 'fastify-send-range'")
  if (!hasInstance) lines.push('const fastify = Fastify()')
  if (!hasInstance && !code.includes('fastify.register(rangePlugin'))
    lines.push("await fastify.register(rangePlugin, { root: 'files' })")
  return `${lines.join('\n')}\n${code}\nexport { fastify }\n`
}

/** Runs a block that makes or uses a Fastify instance. Returns the instance, which listens on a free port until the test ends. */
export async function runRecipe(t: Test, code: string, placeholders: Placeholders): Promise<FastifyInstance> {
  let text = complete(code).replaceAll('port: 3000', 'port: 0')
  for (const [placeholder, value] of Object.entries(placeholders)) text = text.replaceAll(placeholder, value)
  const { fastify } = await runModule(t, text)
  const app = fastify as FastifyInstance
  t.teardown(() => app.close())
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  return app
}

/** Where an instance listens, as a URL without a slash at its end. */
export function originOf(app: FastifyInstance): string {
  const [address] = app.addresses()
  if (typeof address !== 'object') throw new Error('it does not listen')
  return `http://localhost:${address.port}`
}
