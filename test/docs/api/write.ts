// Writes the API reference of each package: `npm run docs`.
import { writeFileSync } from 'node:fs'
import { REPOSITORY } from '../../support/repository.ts'
import { referenceOf } from './reference.ts'

for (const folder of ['plugin', 'demo-client']) {
  writeFileSync(`${REPOSITORY}${folder}/API.md`, referenceOf(`${REPOSITORY}${folder}/`))
}
