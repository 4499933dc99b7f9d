// Writes the manual page of range-get: `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs'
import { REPOSITORY } from '../../support/repository.ts'
import { manualPage } from './manual-page.ts'

const { version } = JSON.parse(readFileSync(`${REPOSITORY}demo-client/package.json`, 'utf8'))
writeFileSync(`${REPOSITORY}demo-client/range-get.1`, manualPage(version))
