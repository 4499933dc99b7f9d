import { runFileSuites } from './support/file-suites.ts'

await runFileSuites('by a source that passes calls on')
