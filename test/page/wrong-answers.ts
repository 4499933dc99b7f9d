// What the page does with wrong answers, in a browser: the tables of range-get are run over its downloader.
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { fieldLines } from '#client/rules/field-lines.js'
import { judge } from '#client/rules/verdict.js'
import { answerHonestly, head, resource, type Script, sha256 } from '../client/support/hostile-server.ts'
import { REFUSED_ROWS } from '../client/support/refused-rows.ts'
import type { Scenario } from '../client/support/scenario.ts'
import { VERDICT_ROWS } from '../client/support/verdict-rows.ts'
import { CONTENT, OTHER, WRONG_ANSWERS } from '../client/support/wrong-answers.ts'
import type { Demo } from './browser.ts'
import { HALF, WrongServer } from './wrong-server.ts'

/** How a download in the page has ended, and what it has stored. */
interface End {
  kind: 'complete' | 'stopped'
  message: string
  size: number
  sha256: string
}

/** The third time that an answer is of no use, the visitor gives up. */
const DOWNLOAD = `(async () => {
  const [{ download }, { availableStores }, { Journal }] = await Promise.all(
    ['resumable', 'stores', 'journal'].map((name) => import('/js/' + name + '.js')),
  )
  const Store = availableStores()[0]
  const store = new Store()
  const journal = new Journal(Store.id)
  await store.open()
  await store.reset()
  journal.clear()
  const visitor = new AbortController()
  let losses = 0
  const report = ({ kind, received }) => {
    if (kind === 'progress' && received === ${HALF}) void fetch('/cut')
    if (kind === 'lost' && ++losses === 3) visitor.abort(new Error('given up'))
  }
  const end = { kind: 'complete', message: '' }
  try {
    await download({ url: () => '/file.bin', store, journal, signal: visitor.signal, report })
  } catch ({ message }) {
    Object.assign(end, { kind: 'stopped', message })
  }
  const content = await (await store.file()).arrayBuffer()
  await store.close()
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return { ...end, size: content.byteLength, sha256 }
})()`

const page = (type: string, text: string): Script => {
  return (_, socket) => {
    socket.write(head('200 OK', { 'content-type': type, 'content-length': text.length, etag: '"p"' }) + text)
  }
}
const WEAK = { etag: 'W/"same"' }

const MORE: readonly Scenario[] = [
  {
    name: 'a Git LFS pointer',
    script: page('application/octet-stream', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\n'),
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  { name: 'a login page', script: page('text/html', '<h1>Log in</h1>'), want: 'ERR_DOWNLOAD_PROTOCOL' },
  {
    name: 'a file without a length',
    script: (_, socket) => {
      socket.write(head('200 OK', { etag: '"a"', connection: 'close' }))
      socket.write(CONTENT.subarray(0, 999), () => socket.end())
    },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'other bytes under the same weak tag',
    script: (request, socket) => {
      if (request.index > 0) return answerHonestly({ content: OTHER, fields: WEAK }, request, socket)
      socket.write(head('200 OK', { ...WEAK, 'content-length': CONTENT.length }))
      socket.write(CONTENT.subarray(0, CONTENT.length / 2), () => socket.end())
    },
    want: OTHER,
  },
  {
    name: 'an answer shorter than announced, again and again',
    script: (_, socket) => {
      socket.write(head('200 OK', { etag: '"a"', 'content-length': CONTENT.length }))
      socket.write(CONTENT.subarray(0, 10), () => socket.end())
    },
    want: 'ERR_DOWNLOAD_NETWORK',
  },
  {
    name: 'a server that is busy, twice',
    script: (request, socket) => {
      if (request.index > 1) return answerHonestly(resource(CONTENT), request, socket)
      socket.write(head('503 Service Unavailable', { 'retry-after': 1, 'content-length': 0 }))
    },
    want: CONTENT,
  },
]

/** As long as the longest file in the tables of verdicts. */
const BODY = 'x'.repeat(1000)

/** Here range-get asks again, and the page may leave that to its visitor. */
const STOPS_SOONER = new Set([
  'a 304 in the middle',
  'a captive portal in the middle, for a while',
  'a gzipped 206 in the middle',
  'a chunked 206 that is longer than its Content-Range',
  // To Firefox, this is an answer of HTTP/0.9.
  'garbage, then an honest server',
])

/** Without a limit, a page waits for ever, and has all the space of the disk. Its visitor ends that. */
const rows = [...WRONG_ANSWERS, ...MORE].filter(
  ({ want, options }) => want !== 'ERR_DOWNLOAD_DISK_FULL' && options?.stallTimeout === undefined,
)

/** Whatever is stored belongs to one version, from its first byte on. Only a whole version counts as complete. */
function check(t: Test, { kind, message, size, sha256: stored }: End): void {
  const content = [CONTENT, OTHER].find((each) => stored === sha256(each.subarray(0, size)))
  t.ok(content, `${size} bytes of one version (${message})`)
  t.equal(kind === 'complete', size === content?.length, `${size} bytes, ${kind}`)
}

/** Runs the tables over the page's downloader. */
export async function wrongAnswers(t: Test, { browser }: Demo): Promise<void> {
  const server = new WrongServer()
  const url = await server.start(t)
  const context = await browser.newContext()
  const opened: Page = await context.newPage()
  t.teardown(() => context.close())
  await opened.goto(url)

  for (const { name, script, want } of rows) {
    await t.test(`no wrong file is stored (${name})`, async (t) => {
      server.follow(script)
      check(t, await opened.evaluate<End>(DOWNLOAD))
      server.cutThenFollow(script)
      const end = await opened.evaluate<End>(DOWNLOAD)
      check(t, end)
      if (!STOPS_SOONER.has(name))
        t.equal(end.kind, typeof want === 'string' ? 'stopped' : 'complete', end.message)
    })
  }

  for (const { name, asked, status, lines } of [...VERDICT_ROWS, ...REFUSED_ROWS]) {
    await t.test(`the verdict in a browser is that of range-get (${name})`, async (t) => {
      const pairs = lines.flatMap((each, at) => (at % 2 === 0 ? [`${each}: ${lines[at + 1]}\r\n`] : []))
      server.follow((_, socket) => {
        socket.end(`HTTP/1.1 ${status} Some\r\nConnection: close\r\n${pairs.join('')}\r\n${BODY}`)
      })
      const found = await opened.evaluate<string>(`(async () => {
        const { headOf, judge } = await import('/js/range-get-rules.js')
        const answer = await fetch('/file.bin', { cache: 'no-store' }).catch(() => null)
        return answer ? judge(${JSON.stringify(asked)}, headOf(answer)).kind : 'no answer'
      })()`)
      const { kind } = judge(asked, { status, fields: fieldLines(lines) })
      const isAccepted = kind === 'part' || kind === 'whole'
      // A browser refuses some answers itself.
      t.ok(found === kind || (!isAccepted && found === 'no answer'), `${found}, range-get: ${kind}`)
    })
  }
}
