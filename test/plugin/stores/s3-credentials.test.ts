// What real stores answer to keys that are not right, and that others are asked for then.
import type { Credentials } from 'fastify-send-range/s3'
import t from 'tap'
import { withEachStore } from '../../support/stores/shared-store.ts'
import { serveStore } from './support/served-store.ts'

const WRONG: Readonly<Record<string, Partial<Credentials>>> = {
  'another key': { accessKeyId: 'AKIDOTHER' },
  'another secret': { secretAccessKey: 'other' },
}

for (const [name, wrong] of Object.entries(WRONG)) {
  t.test(`keys with ${name} are replaced, and the client notices nothing`, (t) =>
    withEachStore(t, async (t, store) => {
      const right: Credentials = store
      let current: Credentials = { ...right, ...wrong }
      const asked: unknown[] = []
      const credentials = (options?: object): Credentials => {
        asked.push(options)
        if (options !== undefined) current = right
        return current
      }
      const { app, bucket, proxy, errors } = await serveStore(t, store, { credentials })
      await bucket.put('f', Buffer.from('0123456789'))
      for (let turn = 0; turn < 2; turn++) {
        const answer = await app.inject({ url: '/f', headers: { range: 'bytes=2-4' } })
        t.equal(answer.statusCode, 206)
        t.equal(answer.body, '234')
      }
      t.equal(proxy.requests.length, 3, 'one of them was refused')
      t.strictSame(
        asked.filter((each) => each !== undefined),
        [{ forceRefresh: true }],
      )
      t.strictSame(errors(), [])
    }),
  )

  t.test(`keys with ${name} that stay as they are: 502, and nothing of them is shown`, (t) =>
    withEachStore(t, async (t, store) => {
      const keys: Credentials = { ...store, ...wrong }
      const { app, bucket, log } = await serveStore(t, store, { credentials: () => keys })
      await bucket.put('f', Buffer.from('0123456789'))
      const answer = await app.inject('/f')
      t.equal(answer.statusCode, 502)
      t.equal(answer.json().code, 'ERR_RANGE_UPSTREAM')
      t.match(JSON.stringify(log), /InvalidAccessKeyId|SignatureDoesNotMatch/)
      const shown = JSON.stringify([answer.body, answer.headers, log])
      for (const secret of [keys.accessKeyId, keys.secretAccessKey, store.accessKeyId, bucket.name])
        t.notOk(shown.includes(secret), `${secret} is not shown`)
    }),
  )
}
