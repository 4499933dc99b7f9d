// A server that gives wrong answers, and the scripts of the demo's page to receive them.
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import type { Test } from 'tap'
import {
  type HostileServer,
  head,
  resource,
  type Script,
  startHostile,
} from '../client/support/hostile-server.ts'
import { CONTENT } from '../client/support/wrong-answers.ts'
import { REPOSITORY } from '../support/repository.ts'

/** This many bytes come before the first connection is cut. */
export const HALF = CONTENT.length / 2
const FOLDERS = ['demo-server/public/js/', 'demo-server/dist/page/js/'].map((folder) => REPOSITORY + folder)
const EMPTY_PAGE = '<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>-</title>'

/** Sends the page's own scripts and an empty page to load them in. */
async function sendScript(path: string, socket: Socket): Promise<void> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const texts = await Promise.all(FOLDERS.map((folder) => readFile(folder + name).catch(() => null)))
  const body = path === '/' ? Buffer.from(EMPTY_PAGE) : texts.find((text) => text !== null)
  const type = path === '/' ? 'text/html' : 'text/javascript'
  socket.write(head('200 OK', { 'content-type': type, 'content-length': body?.length ?? 0 }))
  socket.write(body ?? '')
}

/** A server that answers requests for the file by `script`, which can be changed. Its requests are counted from 0 each time. */
export class WrongServer {
  #script: Script = () => undefined
  #count = 0
  #held: Socket | null = null
  #server: HostileServer | null = null

  async start(t: Test): Promise<string> {
    this.#server = await startHostile((request, socket) => {
      if (request.path.startsWith('/file.bin'))
        return this.#script({ ...request, index: this.#count++ }, socket)
      if (request.path === '/cut') this.#held?.destroy()
      return sendScript(request.path, socket)
    })
    t.teardown(() => this.#server?.stop())
    return this.#server.url
  }

  follow(script: Script): void {
    this.#script = script
    this.#count = 0
  }

  /** The first answer is honest, but its connection is cut in the middle. The others are those of the script. */
  cutThenFollow(script: Script): void {
    this.follow((request, socket) => {
      if (request.index > 0) return script(request, socket)
      const { content, fields } = resource(CONTENT)
      socket.write(head('200 OK', { ...fields, 'content-length': content.length }))
      socket.write(content.subarray(0, HALF))
      this.#held = socket // until the page has stored these bytes
    })
  }
}
