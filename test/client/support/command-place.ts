// A server of files and a directory in which range-get runs.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Ended, rangeGet } from './command.ts'
import { type FileServer, startFiles } from './file-server.ts'

/** In arguments, input and files, `$U` stands for the origin of the server. */
export interface CommandPlace {
  readonly server: FileServer
  readonly dir: string
  /** Runs range-get in the directory. */
  get(args: readonly string[], input?: string): Promise<Ended>
  write(name: string, text: string): void
}

/** Serves these files, by their paths, until the test ends. */
export async function commandPlace(t: Test, files: Parameters<typeof startFiles>[0]): Promise<CommandPlace> {
  const server = await startFiles(files)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const placed = (text: string): string => text.replaceAll('$U', server.url)
  return {
    server,
    dir,
    get: async (args, input) => {
      const run = rangeGet(args.map(placed), dir)
      run.child.stdin?.end(placed(input ?? ''))
      return await run.ended
    },
    write: (name, text) => writeFileSync(join(dir, name), placed(text)),
  }
}

/** Without the order, in which files end. */
export const sortedLines = (text: string): string[] => text.split('\n').slice(0, -1).sort()
/** Without times and speeds. */
export const untimed = (text: string): string => text.replaceAll(/ in [\d.]+ s \([^)]*\)/g, '')
