import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REPOSITORY } from './repository.ts'

const FOLDER = join(REPOSITORY, 'demo-client')

/** The file that `range-get` starts, as its package says. */
export const CLI: string = join(
  FOLDER,
  JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')).bin['range-get'],
)
