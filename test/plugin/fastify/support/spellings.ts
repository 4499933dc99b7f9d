/** The bytes of a character, percent-encoded. */
function encoded(character: string, hex: 'upper' | 'lower'): string {
  const bytes = [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  return hex === 'upper' ? bytes.toUpperCase() : bytes
}

/** A character with the least encoding that it needs in a path. */
function least(character: string): string {
  return /[#?%\\]/.test(character) ? encoded(character, 'upper') : encodeURI(character)
}

/** Numbers of 0 to 1, the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    yield state / 0x7fff_ffff
  }
}

const RANDOM_SPELLINGS = 30

/** Spellings of a decoded path that a guard, a proxy, a router or a handler may read as that path. The first is the plain one. */
export function spellingsOf(path: string): string[] {
  const characters = [...path]
  const plain = characters.map(least)
  const at = (index: number, text: string): string =>
    plain.map((one, each) => (each === index ? text : one)).join('')
  const slashes = characters.flatMap((character, index) => (character === '/' ? [index] : []))
  const random = numbers(path.length)
  const mixtures = Array.from({ length: RANDOM_SPELLINGS }, () =>
    characters
      .map((character, index) => {
        if (character === '/' || random.next().value < 0.5) return plain[index]
        return encoded(character, random.next().value < 0.5 ? 'upper' : 'lower')
      })
      .join(''),
  )
  const spelled = [
    plain.join(''),
    path.split('/').map(encodeURIComponent).join('/'),
    characters.map((each) => (each === '/' ? each : encoded(each, 'lower'))).join(''),
    ...characters.flatMap((each, index) => [
      at(index, encoded(each, 'upper')),
      at(index, encoded(each, 'lower')),
    ]),
    ...slashes.flatMap((index) =>
      ['//', '///', '/./', '/%2e/', '/x/../', '/x/%2E%2e/', '\\', '%5C', '/;/', ';/', '/%2F'].map((text) =>
        at(index, text),
      ),
    ),
    ...mixtures,
  ]
  return [
    ...spelled,
    ...spelled.slice(0, 12).map((each) => `http://test.invalid${each}`),
    ...spelled.slice(0, 12).map((each) => `${each}/`),
    ...spelled.slice(0, 12).flatMap((each) => [`${each}?x=/../y`, `${each}#/x`, `${each};/x`]),
  ]
}
