import { hex } from './characters.js'
import { el } from './dom.js'
import { text } from './texts.js'

/** A grid in which each cell is one byte: empty, received, or received last. */
export class ByteMap {
  #container
  #cells = []
  #received = 0

  constructor(container) {
    this.#container = container
  }

  /** Starts over with `size` empty cells. */
  reset(size) {
    this.#cells = Array.from({ length: size }, () => el('span', { className: 'cell' }))
    this.#container.replaceChildren(...this.#cells)
    this.#received = 0
    this.#describe()
  }

  /** Fills the cells from `start` on and marks them as the newest. */
  fill(start, bytes) {
    for (const cell of this.#container.querySelectorAll('.last')) cell.classList.remove('last')
    for (const [index, byte] of bytes.entries()) {
      const cell = this.#cells[start + index]
      cell.textContent = printed(byte)
      cell.title = text('walk.cell', { position: start + index, value: `0x${hex(byte)}` })
      cell.classList.add('received', 'last')
    }
    this.#received = start + bytes.length
    this.#describe()
  }

  #describe() {
    const values = { received: this.#received, n: this.#cells.length }
    this.#container.setAttribute('aria-label', text('received', values))
  }
}

/** Printable ASCII as itself; the bytes of other characters in hexadecimal. */
function printed(byte) {
  if (byte === 0x0a) return '↵'
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : hex(byte)
}
