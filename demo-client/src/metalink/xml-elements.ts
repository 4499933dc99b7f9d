// The elements of an XML document, with their namespaces. The parser is loaded only when a document is read.
//
// The parser expands no entities but those of XML itself, and reads no file and no DTD: an entity that a document defines is an
// error where it is used. So a short document cannot become a long one, and nothing outside of it is read.
import type { XmlElement } from '@rgrove/parse-xml'
import { usage } from './document-fault.ts'

/** An element. */
export type Element = XmlElement

/** The most that is read, in characters. A Metalink with the hashes of 200 000 pieces is no longer. */
export const MAX_DOCUMENT: number = 16 * 1024 * 1024

/** The root of a document. @throws DownloadError `ERR_DOWNLOAD_USAGE` if it is too long, or not XML */
export async function rootOf(text: string): Promise<Element> {
  if (text.length > MAX_DOCUMENT) throw usage('it is too long for a Metalink')
  const { parseXml } = await import('@rgrove/parse-xml')
  try {
    // The parser refuses a document without one.
    return parseXml(text).root as Element
  } catch (error) {
    // A document that is nested too deeply is a RangeError.
    const [reason] = (error as Error).message.split('\n')
    throw usage(`it is not XML: ${error instanceof RangeError ? 'it is nested too deeply' : reason}`)
  }
}

/** The name of an element without its prefix. */
export function localName({ name }: Element): string {
  return name.slice(name.indexOf(':') + 1)
}

/** The namespace of an element, or `''`. */
export function namespaceOf(element: Element): string {
  const prefix = element.name.includes(':') ? element.name.slice(0, element.name.indexOf(':')) : ''
  const attribute = prefix === '' ? 'xmlns' : `xmlns:${prefix}`
  for (let at = element as Element['parent']; at !== null; at = at.parent) {
    const declared = 'attributes' in at ? (at as Element).attributes[attribute] : undefined
    if (declared !== undefined) return declared
  }
  return ''
}

/** The children of `parent` with this name, in its namespace. */
export function childrenNamed(parent: Element, name: string): readonly Element[] {
  const namespace = namespaceOf(parent)
  return parent.children.filter(
    (child): child is Element =>
      child.type === 'element' &&
      localName(child as Element) === name &&
      namespaceOf(child as Element) === namespace,
  )
}

/** The text in an element, without that of its children and without blanks around it. */
export function textOf(element: Element): string {
  const texts = element.children.map((child) =>
    child.type === 'text' ? (child as { text: string }).text : '',
  )
  return texts.join('').trim()
}

/** The value of an attribute, or null. */
export function attributeOf(element: Element, name: string): string | null {
  return element.attributes[name] ?? null
}
