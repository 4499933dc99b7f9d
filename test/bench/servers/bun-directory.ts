/** What is used of Bun. This program runs under Bun, not under Node. */
interface Bun {
  serve(options: {
    readonly hostname: string
    readonly port: number
    /** Each serves a folder. Bun answers ranges and conditions by itself. */
    readonly routes: Readonly<Record<string, { readonly dir: string }>>
  }): void
}

const [root = '.', port = '0'] = process.argv.slice(2)
const { Bun } = globalThis as unknown as { readonly Bun: Bun }
Bun.serve({ hostname: '127.0.0.1', port: Number(port), routes: { '/*': { dir: root } } })
