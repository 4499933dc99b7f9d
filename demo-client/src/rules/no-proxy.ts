// Which hosts need no proxy: the list in `no_proxy`, read as curl reads it. Pure.
import { BlockList, isIP } from 'node:net'

/**
 * Does `list`, separated by commas or blanks, name the host of `url`? An entry is a host or a domain of
 * the host (with or without a leading dot or `*.`), an address, a network (`10.0.0.0/8`, `fd00::/8`), or `*` for all hosts.
 * An entry with a port (`host:8080`, `[::1]:8080`) is for that port only.
 */
export function isExempt(url: URL, list: string): boolean {
  const host = nameOf(url.hostname)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true
      const [, bracketed, plain, only] = /^(?:\[([^\]]*)\]|([^[:]*))(?::(\d+))?$/.exec(entry) ?? []
      if (only !== undefined && only !== port) return false
      const name = bracketed ?? plain ?? entry // an IPv6 address or network without brackets
      return isIP(host) > 0 ? isAddress(host, name) : isDomain(host, nameOf(name.replace(/^\*?\./, '')))
    })
}

/** A host's name in lower case, without brackets and without a final dot. */
function nameOf(host: string): string {
  return host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
}

function isDomain(host: string, name: string): boolean {
  return host === name || (name !== '' && host.endsWith(`.${name}`))
}

/** Is the address `host` that of `entry`, or in its network? */
function isAddress(host: string, entry: string): boolean {
  const [address = '', bits = ''] = entry.replace(/^\[|\](?=\/|$)/g, '').split('/')
  const family = isIP(address)
  const longest = family === 4 ? 32 : 128
  if (family === 0 || (family === 6 && isIP(host) === 4)) return false
  if (!/^\d{0,3}$/.test(bits) || Number(bits) > longest) return false
  const network = new BlockList()
  network.addSubnet(address, bits === '' ? longest : Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return network.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6')
}
