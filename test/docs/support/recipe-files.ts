// The files that the recipes of the plugin's README serve.
import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import { localhostCertificate } from '../../plugin/support/localhost-certificate.ts'
import { type Placeholders, projectFolder } from './snippet.ts'

export const HELLO = 'hello, ranges'
/** Large enough for @fastify/compress. */
const STORY = 'once upon a time\n'.repeat(100)
/** Bytes of a file that is not sent at once. */
export const LARGE_SIZE = 200_000
/** Long ago, so that every date is a strong one. */
export const MODIFIED_SECONDS = 784_111_777

const FILES: Readonly<Record<string, string>> = {
  'files/hello.txt': HELLO,
  'files/story.txt': STORY,
  'files/disk.iso': STORY,
  'files/setup.exe': STORY,
  'files/data.bin': STORY,
  'files/model.safetensors': STORY,
  'files/large.bin': 'x'.repeat(LARGE_SIZE),
  'files/2026.pdf': 'a report',
  'files/film.mp4': 'a film',
  'files/segment.m4s': 'a segment',
  'files/list.m3u8': 'a list',
  'files/manifest.mpd': 'a manifest',
  'files/assets/app.3f9a.js': 'an app',
  'files/bundle.js': 'a bundle',
  'files/bundle.js.br': 'in br',
  'files/bundle.js.gz': 'in gzip',
  'files/index.html': '<p>home</p>',
  'files/folder/nested.txt': 'nested',
  'manuals/manual.txt': 'a manual',
  'pictures/picture.png': 'a picture',
  'tls/files.key': localhostCertificate.key,
  'tls/files.crt': localhostCertificate.cert,
}

/** Writes the files. Returns the folders that replace those of the README. They are removed with the test. */
export async function recipeFiles(t: Test): Promise<Placeholders> {
  const folder = await projectFolder(t)
  for (const [name, content] of Object.entries(FILES)) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    await utimes(path, MODIFIED_SECONDS, MODIFIED_SECONDS)
  }
  return {
    "'files'": `'${join(folder, 'files')}'`,
    'process.cwd()': `'${join(folder, 'files')}'`,
    '/srv/files': join(folder, 'files'),
    '/srv/uploads': join(folder, 'uploads'),
    '/srv/manuals': join(folder, 'manuals'),
    '/srv/pictures': join(folder, 'pictures'),
    '/etc/ssl': join(folder, 'tls'),
  }
}
