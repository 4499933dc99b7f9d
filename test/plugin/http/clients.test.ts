import { execFile, execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { type Server, serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { parseMultipart } from '../support/strict-multipart.ts'

const run = promisify(execFile)
const CONTENT = numberedLines(3_000_000)

/** False if the program runs; otherwise the reason to skip its test. */
function missing(program: string): string | false {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return `${program} is not installed`
  }
}

async function start(t: Parameters<typeof serveFiles>[0]): Promise<Server & { url: string; folder: string }> {
  const server = await serveFiles(t, {
    files: { 'a.bin': CONTENT, 'download.bin': CONTENT.subarray(0, 1_234_567) },
  })
  return { ...server, url: `http://127.0.0.1:${server.port}/files/a.bin`, folder: server.root }
}

t.test('curl downloads and resumes a file', { skip: missing('curl') }, async (t) => {
  const { url, folder } = await start(t)
  const curl = async (...options: string[]): Promise<Buffer> => {
    const { stdout } = await run('curl', ['-sS', '--noproxy', '*', ...options, url], {
      encoding: 'buffer',
      maxBuffer: 1e7,
    })
    return stdout
  }
  const head = (await curl('-v', '-r', '0-3', '-i')).toString()
  t.match(head, /^HTTP\/1\.1 206 /)
  t.match(head, 'content-range: bytes 0-3/3000000')
  sameBytes(t, await curl('-r', '-10'), CONTENT.subarray(-10), 'a suffix')
  sameBytes(t, await curl('-r', '2999990-'), CONTENT.subarray(-10), 'open-ended')
  sameBytes(t, await curl(), CONTENT, 'whole')

  const several = await curl('-r', '0-3,100-103,2999999-', '-i')
  const [lines = '', ...rest] = several.toString('latin1').split('\r\n\r\n')
  const type = /^content-type: (.*)$/im.exec(lines)?.[1] ?? ''
  const parts = parseMultipart(type, Buffer.from(rest.join('\r\n\r\n'), 'latin1'))
  t.strictSame(
    parts.map(({ first, last }) => [first, last]),
    [
      [0, 3],
      [100, 103],
      [2_999_999, 2_999_999],
    ],
  )

  const target = join(folder, 'download.bin')
  await curl('-C', '-', '-o', target)
  sameBytes(t, await readFile(target), CONTENT, 'resumed')
  await t.resolves(curl('-C', '-', '-o', target), 'a finished file, resumed again: 416 with the length')
  sameBytes(t, await readFile(target), CONTENT)
})

t.test('wget downloads a file, and again when it is complete', { skip: missing('wget') }, async (t) => {
  const { url, folder } = await start(t)
  const target = join(folder, 'download.bin')
  await run('wget', ['--no-proxy', '-q', '-c', '-O', target, url])
  sameBytes(t, await readFile(target), CONTENT, 'resumed')
  await t.resolves(run('wget', ['--no-proxy', '-q', '-c', '-O', target, url]), 'a finished file')
  sameBytes(t, await readFile(target), CONTENT)
})

t.test('aria2c downloads a file in parts, and resumes one', { skip: missing('aria2c') }, async (t) => {
  const { url, folder } = await start(t)
  const options = ['--quiet', '--no-conf', '--all-proxy=', '-d', folder, '--allow-overwrite=true']
  await run('aria2c', [...options, '-x8', '-s8', '-k1M', '-o', 'parallel.bin', url])
  sameBytes(t, await readFile(join(folder, 'parallel.bin')), CONTENT, 'on several connections')
  await writeFile(join(folder, 'started.bin'), CONTENT.subarray(0, 1_000_000))
  await run('aria2c', [...options, '-c', '-o', 'started.bin', url])
  sameBytes(t, await readFile(join(folder, 'started.bin')), CONTENT, 'resumed')
})
