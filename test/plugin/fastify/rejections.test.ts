import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { REJECTING, SECRET } from './support/rejecting-calls.ts'

const CHILD = fileURLToPath(new URL('support/rejecting-child.js', import.meta.url))

interface Answer {
  readonly status: number
  readonly code?: string
  readonly text: string
}

t.test('a rejected promise in the place of a value does not end the process', async (t) => {
  const root = t.testdir({ 'f.txt': '0123456789' })
  const child = fork(CHILD, [root], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  let answers: Readonly<Record<string, Answer>> = {}
  child.once('message', (message) => {
    answers = message as typeof answers
  })
  const [status] = await once(child, 'exit')
  t.equal(status, 0, stderr)
  for (const [name, { status, code }] of Object.entries(REJECTING)) {
    const answer = answers[name]
    t.equal(answer?.status, status, name)
    t.equal(answer?.code, code, `${name}: its code`)
    t.notMatch(answer?.text, SECRET, `${name}: the reason of its failure is not sent`)
  }
})
