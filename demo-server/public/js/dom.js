/** The element with this id, which the page is known to have. */
export function byId(id) {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element
}

/** A new element: `el('td', { className: 'good' }, 'text', child)`. */
export function el(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}

/** Adds a line to a story, the newest on top; `tone` is good, bad, notice or empty. */
export function tell(list, text, tone = '') {
  list.prepend(el('li', { className: tone }, text))
  while (list.children.length > 100) list.lastElementChild.remove()
}
