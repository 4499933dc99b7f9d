/** An entity-tag, RFC 9110 §8.8.3: `opaque` is the text between the double quotes. */
export interface EntityTag {
  readonly strength: 'strong' | 'weak'
  readonly opaque: string
}

const TAB = 0x09
const SPACE = 0x20
const DOUBLE_QUOTE = 0x22
const COMMA = 0x2c
const DEL = 0x7f

/** The value of a field with this entity-tag. */
export function formatEntityTag(tag: EntityTag): string {
  return tag.strength === 'weak' ? `W/"${tag.opaque}"` : `"${tag.opaque}"`
}

/** Reads a field value that must be exactly one entity-tag; undefined if it is not. */
export function parseEntityTag(value: string): EntityTag | undefined {
  const scanned = scanEntityTag(value, 0)
  return scanned !== undefined && scanned.end === value.length ? scanned.tag : undefined
}

/** Whether `opaque` is allowed between the quotes: `etagc` of §8.8.3, as one-byte characters. */
export function isOpaqueTag(opaque: string): boolean {
  for (let at = 0; at < opaque.length; at++) {
    if (!isEtagCharacter(opaque.charCodeAt(at))) return false
  }
  return true
}

/**
 * Reads the list of If-Match or If-None-Match (`#entity-tag`; a tag may contain a comma). Reading stops at the first
 * text that is not an entity-tag, so a broken list can only match less.
 */
export function parseEntityTags(value: string): EntityTag[] {
  const tags: EntityTag[] = []
  let at = 0
  while (at < value.length) {
    const code = value.charCodeAt(at)
    if (code === SPACE || code === TAB || code === COMMA) {
      at++
      continue
    }
    const scanned = scanEntityTag(value, at)
    if (scanned === undefined) break
    tags.push(scanned.tag)
    at = skipWhitespace(value, scanned.end)
    if (at < value.length && value.charCodeAt(at) !== COMMA) break
  }
  return tags
}

function skipWhitespace(value: string, from: number): number {
  let at = from
  while (value.charCodeAt(at) === SPACE || value.charCodeAt(at) === TAB) at++
  return at
}

function scanEntityTag(value: string, from: number): { tag: EntityTag; end: number } | undefined {
  // §8.8.3: weak = %s"W/", case-sensitive.
  const weak = value.startsWith('W/', from)
  const open = weak ? from + 2 : from
  if (value.charCodeAt(open) !== DOUBLE_QUOTE) return undefined
  let at = open + 1
  while (at < value.length && isEtagCharacter(value.charCodeAt(at))) at++
  if (value.charCodeAt(at) !== DOUBLE_QUOTE) return undefined
  return { tag: { strength: weak ? 'weak' : 'strong', opaque: value.slice(open + 1, at) }, end: at + 1 }
}

/** §8.8.3: etagc = %x21 / %x23-7E / obs-text. */
function isEtagCharacter(code: number): boolean {
  return code > SPACE && code !== DOUBLE_QUOTE && code !== DEL && code <= 0xff
}

/** §8.8.3.2: "two entity tags are equivalent if both are not weak and their opaque-tags match character-by-character". */
export function strongMatch(a: EntityTag, b: EntityTag): boolean {
  return a.strength === 'strong' && b.strength === 'strong' && a.opaque === b.opaque
}

/**
 * §8.8.3.2: "two entity tags are equivalent if their opaque-tags match character-by-character, regardless of either or
 * both being tagged as 'weak'".
 */
export function weakMatch(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque
}
