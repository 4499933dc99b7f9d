import t from 'tap'
import { actualSizeOf, errorCodeOf } from '#plugin/upstream/error-code.js'

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

for (const [body, size] of [
  ['<Error><Code>InvalidRange</Code><ActualObjectSize>10</ActualObjectSize></Error>', 10],
  ['<ActualObjectSize>0</ActualObjectSize>', 0],
  ['<ActualObjectSize>-1</ActualObjectSize>', undefined],
  ['<ActualObjectSize>9999999999999999</ActualObjectSize>', undefined],
  ['<Error><Code>InvalidRange</Code></Error>', undefined],
] as const) {
  t.test(`the size of an object in ${JSON.stringify(body).slice(0, 60)} is ${size}`, async (t) => {
    t.equal(actualSizeOf(body), size)
  })
}
