import { runAnswerTablesOver } from './support/answer-tables.ts'

// Swift takes several times the CPU of Ceph for a request.
await runAnswerTablesOver('swift', ['answers', 'disagreements', 'methods', 'repeated-fields'])
