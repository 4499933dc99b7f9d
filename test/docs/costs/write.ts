// Copies the committed figures of the benchmark into the READMEs: `npm run docs`.
import { writeFileSync } from 'node:fs'
import { REPOSITORY } from '../../support/repository.ts'
import { renewedDocuments } from './documents.ts'

for (const { path, renewed } of renewedDocuments()) writeFileSync(REPOSITORY + path, renewed)
