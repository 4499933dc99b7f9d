import { runAnswersOfBuffers } from './support/answers-from.ts'

await runAnswersOfBuffers()
