/** The element with this id. Throws if the page does not have it. */
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

/** Adds a line at the top of a story. `tone` is good, bad, notice or empty. */
export function addLine(list, text, tone = '') {
  list.prepend(el('li', { className: tone }, text))
  while (list.children.length > 100) list.lastElementChild.remove()
}
