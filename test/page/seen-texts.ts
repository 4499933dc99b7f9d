import type { Page } from 'playwright-core'

/** Where a text is in no language: it is code, or it comes from the server. */
const CODE = 'code, pre, kbd, script, style, noscript, body [lang="en"]'

/** Runs before the page's own scripts: remembers every text that it shows or says, also those that are soon replaced. */
export const REMEMBER_TEXTS = `(() => {
  const attributes = ['aria-label', 'alt', 'placeholder', 'title']
  const key = 'seen texts'
  const store = location.protocol === 'http:' ? sessionStorage : {}
  const seen = globalThis.seenTexts = new Set(JSON.parse(store[key] ?? '[]'))
  const isCode = (node) => (node.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.('${CODE}')
  const seeOne = (node) => {
    if (node.nodeType === Node.TEXT_NODE) seen.add(node.data.trim())
    else for (const name of attributes) seen.add(node.getAttribute?.(name)?.trim() ?? '')
  }
  const see = (node) => {
    if (node.nodeType === Node.COMMENT_NODE || isCode(node)) return
    seeOne(node)
    for (const child of node.childNodes) see(child)
  }
  globalThis.lookAgain = () => {
    seen.clear()
    seen.add(document.title)
    see(document.body)
  }
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === 'childList') addedNodes.forEach(see)
      else if (!isCode(target)) seeOne(target)
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributeFilter: attributes })
  // A reload is the same visit.
  addEventListener('pagehide', () => { store[key] = JSON.stringify([...seen]) })
})()`

/** Forgets all texts except those that are on the page now. */
export async function rememberTexts(page: Page): Promise<void> {
  await page.evaluate('lookAgain()')
}

/** The texts since `rememberTexts`, or since the page was opened, in order. */
export async function seenTexts(page: Page): Promise<string[]> {
  return (await page.evaluate<string[]>('Array.from(seenTexts)')).filter((text) => text !== '')
}

/** What HTTP and the browser call things, in every language. */
const NAMES = new Set(
  `fastify-send-range reply.sendRange range-get JavaScript IndexedDB OPFS CORS HTTP HTTPS URL localhost SHA-256 MiB GET HEAD
   Range If-Range ETag Content-Range Content-Type Content-Length Cache-Control Last-Modified Accept-Ranges
   content-type content-length cache-control last-modified content-range accept-ranges etag`.split(/\s+/),
)
const VALUES = [
  /https?:\/\/\S+/g,
  /\/?[\w/]+\.(?:txt|png|bin|mp4)\S*/g,
  /"[^"]*"/g, // an entity-tag
  /bytes[= ]\S+(?:, \S+)*/g,
  /\d{3} (?:OK|Partial Content|Range Not Satisfiable)/g,
  /\b[\da-f]{64}\b/g, // a SHA-256
  /^[\da-f]{2}$/g, // a byte
  /^bytes$/g,
  /^[a-z]+\/[a-z]+; \w+=\S+$/g, // a media type
  /^public, max-age=\d+$/g,
  /^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$/g,
  /0x[\da-f]{2}/g,
]

/** The English words of a text, without names and values. */
export function englishWords(text: string): string[] {
  const prose = VALUES.reduce((left, value) => left.replace(value, ' '), text)
  return (prose.match(/[A-Za-z][\w.-]+/g) ?? []).filter((word) => !NAMES.has(word.replace(/\.$/, '')))
}
