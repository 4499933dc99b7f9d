import { runFileSuites } from './support/file-suites.ts'

await runFileSuites('by fileSource')
