// Loads a module and what it imports into a realm of its own, as Jest does with `--experimental-vm-modules`: the globals
// of the language are other ones there, and Node's own modules are those of this realm.
import { readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import {
  type Context,
  createContext,
  type Module,
  runInContext,
  SourceTextModule,
  SyntheticModule,
} from 'node:vm'

/** Jest takes these from the outer realm: Node's own modules check for the types, and V8's console prints nothing. */
const TAKEN = new Set(['ArrayBuffer', 'Uint8Array', 'console'])

function newRealm(): Context {
  const context = createContext()
  const own = new Set<string>(runInContext('Object.getOwnPropertyNames(globalThis)', context))
  for (const name of Object.getOwnPropertyNames(globalThis))
    if (TAKEN.has(name) || !own.has(name)) context[name] = Reflect.get(globalThis, name)
  return context
}

/** Whether Node would load the file as an ES module. */
function isModule(path: string): boolean {
  if (!path.endsWith('.js')) return path.endsWith('.mjs')
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type === 'module'
    } catch {
      if (folder === dirname(folder)) return false
    }
  }
}

/** Loads the ES module at `path`. CommonJS is loaded in this realm. */
export async function importInNewRealm(path: string): Promise<Readonly<Record<string, unknown>>> {
  const context = newRealm()
  const loaded = new Map<string, Module>()

  async function foreign(specifier: string): Promise<Module> {
    const exported: object = await import(specifier)
    const names = Object.keys(exported)
    const fill = function (this: SyntheticModule): void {
      for (const name of names) this.setExport(name, Reflect.get(exported, name))
    }
    return new SyntheticModule(names, fill, { context, identifier: specifier })
  }

  async function load(target: string): Promise<Module> {
    if (isBuiltin(target)) return await foreign(target)
    if (!isModule(target)) return await foreign(pathToFileURL(target).href)
    return new SourceTextModule(readFileSync(target, 'utf8'), {
      context,
      identifier: pathToFileURL(target).href,
      initializeImportMeta: (meta) => {
        meta.url = pathToFileURL(target).href
      },
    })
  }

  async function link(specifier: string, from: Module): Promise<Module> {
    const target = isBuiltin(specifier)
      ? specifier
      : createRequire(fileURLToPath(from.identifier)).resolve(specifier)
    const module = loaded.get(target) ?? (await load(target))
    // Another import of the same module may have been faster.
    if (!loaded.has(target)) loaded.set(target, module)
    return loaded.get(target) ?? module
  }

  const entry = await load(path)
  await entry.link(link)
  await entry.evaluate()
  return entry.namespace as Readonly<Record<string, unknown>>
}
