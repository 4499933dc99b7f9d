import { runAnswersOfStore } from './support/answers-from.ts'

await runAnswersOfStore('swift')
