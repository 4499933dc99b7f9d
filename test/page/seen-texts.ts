import type { Page } from 'playwright-core'

/** Where a text is in no language: it is code, or it comes from the server. */
const CODE = 'code, pre, kbd, script, style, noscript, [lang="en"]'

/** Remembers every text that the page shows or says from now on, also those that are soon replaced. */
export async function rememberTexts(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    const attributes = ['aria-label', 'alt', 'placeholder', 'title']
    globalThis.seenTexts = new Set([document.title])
    const see = (node) => {
      const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node
      if (element === null || element.closest?.('${CODE}')) return
      if (node.nodeType === Node.TEXT_NODE) seenTexts.add(node.data.trim())
      else for (const name of attributes) seenTexts.add(node.getAttribute(name)?.trim() ?? '')
      for (const child of node.childNodes) if (child.nodeType !== Node.COMMENT_NODE) see(child)
    }
    see(document.body)
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) for (const node of [target, ...addedNodes]) see(node)
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: attributes })
  })()`)
}

/** The texts since `rememberTexts`, in order. */
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
