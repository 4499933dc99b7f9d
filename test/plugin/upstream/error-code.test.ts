import t from 'tap'
import { errorCodeOf } from '#plugin/upstream/error-code.js'

for (const [body, code] of [
  ['<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code><Message>a</Message></Error>', 'NoSuchKey'],
  ['<Error>\n  <Code>\n    SlowDown\n  </Code>', 'SlowDown'],
  ['<Error><Code>InvalidRange.Extra</Code>', 'InvalidRange.Extra'],
  ['<Error><Code></Code></Error>', undefined],
  ['<Error><Code>a b</Code></Error>', undefined],
  [`<Code>${'a'.repeat(101)}</Code>`, undefined],
  ['<html>404</html>', undefined],
  ['', undefined],
] as const) {
  t.test(`the code of ${JSON.stringify(body).slice(0, 60)} is ${code}`, async (t) => {
    t.equal(errorCodeOf(body), code)
  })
}
