// Commands that may not write where permissions forbid it.

/**
 * A command line under which permissions count. Root may write everywhere, except without these capabilities
 * (capabilities(7)).
 */
export function withoutPrivileges(command: string, args: readonly string[]): [string, string[]] {
  if (process.getuid?.() !== 0) return [command, [...args]]
  const dropped = ['--bounding-set', '-dac_override,-dac_read_search', '--inh-caps', '-all']
  return ['setpriv', [...dropped, command, ...args]]
}
