// For `node --import`: a command that is killed before its step KILL_STEP, counted from 1. STEPS: a file that gets a line of
// JSON for each step: the function's name, its arguments that are text.
import { appendFileSync } from 'node:fs'
import { hookSteps } from './steps.ts'

const { KILL_STEP, STEPS } = process.env
let count = 0
await hookSteps((name, args) => {
  count++
  if (String(count) === KILL_STEP) process.kill(process.pid, 'SIGKILL')
  const texts = args.filter((arg) => typeof arg === 'string')
  if (STEPS !== undefined) appendFileSync(STEPS, `${JSON.stringify([name, ...texts])}\n`)
})
