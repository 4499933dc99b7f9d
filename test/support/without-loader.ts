const LOADER = /"?--import=[^"\s]*@tapjs\/processinfo\/[^"\s]*"?/

/** Options of Node without tap's loader, which notes the files of a process and counts their coverage. */
export function withoutLoader(options: string): string {
  return options.replace(LOADER, '').trim()
}
