// What the displays write, snapshot by snapshot.
import type { DownloadProgress } from 'range-get'
import t from 'tap'
import { lineDisplay } from '#client/command/display.js'
import { OutputStream } from '#client/command/output-stream.js'
import { plainStyle } from '#client/text/style.js'

const PROGRESS: DownloadProgress = {
  state: 'downloading',
  path: '/home/me/file.iso',
  received: 0,
  resumed: 0,
  total: 1024,
  speed: null,
  eta: null,
  connections: 1,
  retryIn: 0,
  attempt: 0,
  attempts: 0,
  message: '',
}

function lines(snapshots: readonly Partial<DownloadProgress>[], interval = 1e9): string[] {
  let text = ''
  const write = (piece: string): boolean => {
    text += piece
    return true
  }
  const stream = { write, on: () => undefined, isTTY: false, writableNeedDrain: false }
  const out = new OutputStream(stream as unknown as NodeJS.WriteStream)
  const display = lineDisplay({ out, style: plainStyle('all'), name: 'from-the-url' }, interval)
  for (const snapshot of snapshots) display.progress({ ...PROGRESS, ...snapshot })
  return text.split('\n').slice(0, -1)
}

const waiting = (attempt: number): Partial<DownloadProgress> => ({
  state: 'waiting',
  received: 512,
  attempt,
  attempts: 6,
  retryIn: 900,
  message: 'the connection was refused',
})

t.test('a line says what is new: the first bytes, each wait, the bytes after it, a pause', async (t) => {
  const found = lines([
    { received: 0 },
    { received: 512 },
    { received: 600 },
    waiting(2),
    waiting(2),
    { received: 512, connections: 1 },
    waiting(3),
    { received: 512, connections: 1 },
    { received: 700, connections: 1 },
    { state: 'paused', received: 700 },
    { received: 700, connections: 1 },
    { received: 800, connections: 1 },
    { state: 'verifying', received: 1024 },
  ])
  t.strictSame(found, [
    'file.iso: 50% 512 B / 1.0 KiB, 1 connection',
    'file.iso: 50% 512 B / 1.0 KiB, attempt 2 of 6 in 1 s: the connection was refused',
    'file.iso: 50% 512 B / 1.0 KiB, attempt 3 of 6 in 1 s: the connection was refused',
    'file.iso: 68% 700 B / 1.0 KiB, 1 connection',
    'file.iso: 68% 700 B / 1.0 KiB, paused: any key resumes, q stops',
    'file.iso: 78% 800 B / 1.0 KiB, 1 connection',
    'file.iso: 100% 1.0 / 1.0 KiB, verifying',
  ])
})

t.test('a small file has no line before its summary', async (t) => {
  t.strictSame(lines([{ received: 1024 }, { state: 'verifying', received: 1024 }, { state: 'finished' }]), [])
})

t.test('the bytes of an earlier run are not news', async (t) => {
  t.strictSame(lines([{ received: 512, resumed: 512 }]), [])
})

t.test('after an interval there is a line in any case', async (t) => {
  t.strictSame(lines([{ received: 0 }], 0), ['file.iso: 0% 0 B / 1.0 KiB, 1 connection'])
})

t.test('before the path is known, the name is that of the URL', async (t) => {
  t.strictSame(lines([{ received: 512, path: null }]), ['from-the-url: 50% 512 B / 1.0 KiB, 1 connection'])
})
