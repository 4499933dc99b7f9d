import { execFileSync } from 'node:child_process'
import t from 'tap'
import { REPOSITORY } from '../../support/repository.ts'

const FILES = 150
const LIMIT = 200

/** Asks for every file once and prints how many of them are still open. */
const WALK = `
import Fastify from 'fastify'
import rangePlugin from 'fastify-send-range'
import { readdirSync, readlinkSync } from 'node:fs'
const root = process.argv[1]
const app = Fastify()
await app.register(rangePlugin, { root })
app.get('/:name', (request, reply) => reply.sendRange(request.params.name))
for (let index = 0; index < ${FILES}; index++) {
  const { statusCode } = await app.inject('/' + index)
  if (statusCode !== 200) throw new Error('status ' + statusCode)
}
const links = readdirSync('/proc/self/fd').map((fd) => {
  try { return readlinkSync('/proc/self/fd/' + fd) } catch { return '' }
})
process.stdout.write(String(links.filter((link) => link.startsWith(root)).length))
process.exit()
`

const skip = process.platform !== 'linux' && 'only Linux reports the limit'

t.test('descriptors that are kept open leave most of the limit to the process', { skip }, async (t) => {
  const names = Array.from({ length: FILES }, (_, index) => [String(index), 'x'] as const)
  const root = t.testdir(Object.fromEntries(names))
  const line = `ulimit -n ${LIMIT}; exec "$0" --input-type=module -e "$1" "$2"`
  const printed = execFileSync('sh', ['-c', line, process.execPath, WALK, root], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  })
  t.equal(Number(printed), LIMIT / 4)
})
