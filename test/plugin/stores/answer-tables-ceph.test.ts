import { runAnswerTablesOver } from './support/answer-tables.ts'

await runAnswerTablesOver('ceph')
