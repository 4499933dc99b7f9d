import { encodePath, httpSource } from 'fastify-send-range/http'
import t from 'tap'
import { missing } from '../../docs/support/programs.ts'
import { runAnswerTables } from '../support/answer-tables.ts'
import { startNginxOrigin } from '../upstream/support/nginx-origin.ts'

const skip = await missing('nginx', '-v')

if (skip !== false) t.pass('tables over nginx', { skip })
else {
  const origin = await startNginxOrigin(t, "root /; default_type '';")
  await runAnswerTables(({ root }) =>
    httpSource({ url: (path) => `${origin}${encodePath(root)}/${encodePath(path)}` }),
  )
}
