const SVG = 'http://www.w3.org/2000/svg'
const WIDTH = 1000
const HEIGHT = 10

/**
 * Draws pieces of a file along a band.
 *
 * @param {SVGElement} svg with a viewBox of 1000 × 10
 * @param {number} total size of the file in bytes
 * @param {{ start: number, end: number, kind: string }[]} pieces inclusive positions; `kind` becomes the class
 */
export function drawBand(svg, total, pieces) {
  svg.replaceChildren(...pieces.map((piece) => rectangle(piece, WIDTH / Math.max(total, 1))))
}

function rectangle({ start, end, kind }, scale) {
  const rect = document.createElementNS(SVG, 'rect')
  const width = Math.max((end - start + 1) * scale, 1.5)
  const place = { x: start * scale, y: 0, width, height: HEIGHT, class: kind }
  for (const [name, value] of Object.entries(place)) rect.setAttribute(name, value)
  return rect
}
