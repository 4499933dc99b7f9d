/** One end of a TCP connection. */
export interface Endpoint {
  /**
   * As Node writes it: dotted, or with colons, also IPv4-mapped (`::ffff:127.0.0.1`) or with a zone (`fe80::1%eth0`).
   */
  readonly address: string
  readonly port: number
}

/** Local and remote address and port, as Linux writes them in the second and third column of `/proc/net/tcp`. */
export function connectionKey(local: Endpoint, remote: Endpoint, byteOrder: 'LE' | 'BE'): string {
  return `${endpointText(local, byteOrder)} ${endpointText(remote, byteOrder)}`
}

function endpointText({ address, port }: Endpoint, byteOrder: 'LE' | 'BE'): string {
  const bytes = address.includes(':') ? bytesOfIPv6(address) : bytesOfIPv4(address)
  return `${wordsText(bytes, byteOrder)}:${port.toString(16).toUpperCase().padStart(4, '0')}`
}

/** The kernel prints an address in words of 32 bits, each as a number in the byte order of the machine. */
function wordsText(bytes: readonly number[], byteOrder: 'LE' | 'BE'): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4)
    if (byteOrder === 'LE') word.reverse()
    text += Buffer.from(word).toString('hex').toUpperCase()
  }
  return text
}

function bytesOfIPv4(address: string): number[] {
  return address.split('.').map(Number)
}

function bytesOfIPv6(address: string): number[] {
  const [plain = ''] = address.split('%')
  const [before = '', after] = plain.split('::')
  const front = groupBytes(before)
  if (after === undefined) return front
  const back = groupBytes(after)
  return [...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back]
}

function groupBytes(groups: string): number[] {
  if (groups === '') return []
  return groups.split(':').flatMap((group) => {
    if (group.includes('.')) return bytesOfIPv4(group)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

/** A line up to the end of `tx_queue`; the columns are those of Linux's `Documentation/networking/proc_net_tcp`. */
const LINE = /^ *\d+: ([0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/

/**
 * Finds connections in the table of the kernel, which is read in pieces that end anywhere.
 *
 * @param found gets, for each wanted connection, the bytes that are sent or queued and not acknowledged
 */
export function tcpTableReader(
  wanted: ReadonlySet<string>,
  found: Map<string, number>,
): (piece: string) => void {
  let begun = ''
  return (piece) => {
    const lines = (begun + piece).split('\n')
    begun = lines.pop() ?? ''
    for (const line of lines) {
      const [, key = '', queue = ''] = LINE.exec(line) ?? []
      if (wanted.has(key)) found.set(key, Number.parseInt(queue, 16))
    }
  }
}
