import t from 'tap'
import { Progress } from './progress.ts'

const COUNTS = { passed: 20, failed: 1, skipped: 0 }
const FILES = ['.build/test/docs/links.test.js', '.build/test/page/page.test.js']

function progressOn(
  display: 'rewritten' | 'appended',
  columns = 200,
): { progress: Progress; written: string[] } {
  const written: string[] = []
  const progress = new Progress({ display, columns, counts: COUNTS, write: (text) => written.push(text) })
  progress.expect(3)
  for (const file of FILES) progress.begin(file)
  progress.end(FILES[0] ?? '')
  return { progress, written }
}

t.test('on a terminal one line says how far the run is and what runs, and is rewritten', async (t) => {
  const { progress, written } = progressOn('rewritten')
  progress.show()
  progress.hide()
  progress.hide()
  progress.stop()
  const line = '1 of 3 files, 20 passed, 1 failed; running page/page.test.ts'
  t.strictSame(written, [`\r\u001b[K${line}`, '\r\u001b[K'])
})

t.test('the line is never longer than the terminal is wide', async (t) => {
  const { progress, written } = progressOn('rewritten', 20)
  progress.show()
  progress.stop()
  t.equal(written[0], '\r\u001b[K1 of 3 files, 20 pa')
})

t.test('without a terminal a line is added', async (t) => {
  const { progress, written } = progressOn('appended')
  progress.show()
  progress.stop()
  t.strictSame(written, ['1 of 3 files, 20 passed, 1 failed; running page/page.test.ts\n'])
})
