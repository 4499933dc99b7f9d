import { decoded, pathOf, queryOf, type Semicolon } from './target-spelling.ts'

// A reference may have any other printable character of ASCII. Clients read a backslash as a slash.
const UNSAFE = /[^\x21-\x7e]|\\/gu

/** Whether the path of a target ends in a slash. Only then does a client resolve the links of a page inside of a folder. */
export function isFolderTarget(target: string, semicolon: Semicolon): boolean {
  return pathOf(target, semicolon).endsWith('/')
}

/**
 * The Location that adds a slash to a target whose last segment names a folder, with its query; undefined if it names
 * something else.
 *
 * RFC 9110 §10.2.2: "The field value consists of a single URI-reference. When it has the form of a relative reference […],
 * the final value is computed by resolving it against the target URI". So a proxy in front may serve another prefix. It
 * starts with `./`, so it never leads to another host (`//host`), and no colon in a name makes a scheme of it (RFC 3986
 * §4.2).
 *
 * @param target as the client has sent it
 * @param folder the path of the folder, without a slash at its end. Empty for the root, which any segment names
 * @param semicolon how the router reads one. Where it starts the query, the slash comes before it
 */
export function folderLocation(target: string, folder: string, semicolon: Semicolon): string | undefined {
  const path = pathOf(target, semicolon)
  const segment = path.slice(path.lastIndexOf('/') + 1)
  const name = folder.slice(folder.lastIndexOf('/') + 1)
  if (segment === '' || (name !== '' && decoded(segment) !== name)) return undefined
  const query = queryOf(target, semicolon)
  // To clients only a question mark starts the query. RFC 3986 §5.2.3: a relative reference replaces what is after the
  // last slash of their path, which would be in what the router takes for the query.
  if (/^;[^?]*[/\\]/.test(query)) return undefined
  return `./${encoded(segment)}/${encoded(query)}`
}

/** HTTP/1 gives each byte of a target as one character. */
function encoded(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const bytes = Buffer.from(character, character <= '\xff' ? 'latin1' : 'utf8')
    return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
  })
}
