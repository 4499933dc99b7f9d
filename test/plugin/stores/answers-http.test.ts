import { runAnswersOfOrigin } from './support/answers-from.ts'

await runAnswersOfOrigin()
