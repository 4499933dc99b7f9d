import t from 'tap'
import { statusName } from '#client/text/status-name.js'

for (const [status, want] of [
  [101, '101 Switching Protocols'],
  [206, '206 Partial Content'],
  [302, '302 Found'],
  [404, '404 Not Found'],
  [407, '407 Proxy Authentication Required'],
  [416, '416 Range Not Satisfiable'],
  [429, '429 Too Many Requests'],
  [503, '503 Service Unavailable'],
  [299, '299'],
  [499, '499'],
  [599, '599'],
  [0, '0'],
] as const)
  t.test(`the status ${status} is "${want}"`, async (t) => {
    t.equal(statusName(status), want)
  })
