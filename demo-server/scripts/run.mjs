// Runs a program of this repository: `launch.cjs demo …` or `launch.cjs start …`, as package.json says.
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from './build.mjs'
import { commandForNpm } from './npm-options.mjs'
import { PROGRAMS } from './programs.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const WRONG_USAGE = 2

async function run([name, ...args]) {
  const program = PROGRAMS[name]
  const say = (message) => process.stderr.write(`${program.name}: ${message}\n`)
  const isRunByNpm = process.env.npm_lifecycle_event === name
  const better = isRunByNpm ? commandForNpm(program, args, process.env) : null
  if (better !== null) {
    say(`npm keeps options without "--" for itself. Run: ${better}`)
    return WRONG_USAGE
  }
  const built = build(ROOT, program.files)
  if (built.kind === 'not-built') return built.status
  if (built.kind === 'failed') {
    say(built.reason)
    return 1
  }
  if (built.note !== null) say(built.note)
  const entry = join(ROOT, program.files[0])
  process.argv.splice(1, process.argv.length - 1, entry, ...args)
  await import(pathToFileURL(entry).href)
  return undefined // the program sets its own
}

const status = await run(process.argv.slice(2))
if (status !== undefined) process.exitCode = status
