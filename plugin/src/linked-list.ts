/** A place in a {@link LinkedList}, for one value. */
export interface Link<T> {
  readonly value: T
}

interface Node<T> extends Link<T> {
  previous: Node<T> | undefined
  next: Node<T> | undefined
  isIn: boolean
}

/**
 * Values in the order in which they were added, any of which can be removed at any time.
 *
 * For what each answer adds and removes, this is used in the place of a Set or a Map. V8 makes a new table for these after a
 * few removals, and the table before refers to it. Once one such table is old, all later ones are kept, with what was in
 * them, until the next slow collection: a process then does most of its work for answers that are over.
 */
export class LinkedList<T> implements Iterable<Link<T>> {
  #first: Node<T> | undefined
  #last: Node<T> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The value that was added first, of those that are still there. */
  get first(): Link<T> | undefined {
    return this.#first
  }

  /** Adds a value at the end. With the result it can be removed. */
  add(value: T): Link<T> {
    const node: Node<T> = { value, previous: this.#last, next: undefined, isIn: true }
    if (this.#last === undefined) this.#first = node
    else this.#last.next = node
    this.#last = node
    this.#size++
    return node
  }

  /** Removes what `add` of this list has returned. Returns whether it was still there. */
  remove(link: Link<T>): boolean {
    const node = link as Node<T>
    if (!node.isIn) return false
    const { previous, next } = node
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    // What is removed must not refer to the others.
    node.previous = undefined
    node.next = undefined
    node.isIn = false
    this.#size--
    return true
  }

  /** Goes through the values. Only the one that was given last may be removed meanwhile. */
  *[Symbol.iterator](): Generator<Link<T>, void> {
    for (let node = this.#first; node !== undefined; ) {
      const { next } = node
      yield node
      node = next
    }
  }
}
