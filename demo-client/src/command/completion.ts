// The scripts with which shells complete the options of range-get.
import { type NamedOption, OPTION_LIST, type Shell } from './option-table.ts'

const SCRIPTS: Readonly<Record<Shell, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript }

/** The script for `shell`. */
export function completionFor(shell: Shell): string {
  return SCRIPTS[shell]()
}

/** An option as it is typed: `-o`, `--output`. */
function flagsOf({ name, short }: NamedOption): string[] {
  return [...(short === undefined ? [] : [`-${short}`]), `--${name}`]
}

function patternOf(rows: readonly NamedOption[]): string {
  return rows.flatMap(flagsOf).join('|')
}

/** A description that fits beside an option: without what follows a semicolon. */
function brief({ text }: NamedOption): string {
  return text.replace(/;.*/, '')
}

/** Runs in bash 3.2 as well, which macOS has: no `mapfile`, and `compopt` only where it exists. */
function bashScript(): string {
  const withValue = OPTION_LIST.filter(({ value }) => value !== undefined)
  const lists = withValue.flatMap((row) =>
    typeof row.offers === 'object' ? [{ row, words: row.offers }] : [],
  )
  const paths = (offers: 'files' | 'directories'): string =>
    patternOf(withValue.filter((row) => row.offers === offers))
  return `# Completion of range-get for bash. In ~/.bashrc: source <(range-get --completion bash)
_range_get() {
  # The word up to the cursor, and the word before it. bash splits --output=FILE at the sign.
  local word=$2 option=$3 i IFS=$' \\t\\n'
  [[ $option != = ]] || option=\${COMP_WORDS[COMP_CWORD-2]}
  COMPREPLY=()
  # After -- there are only URLs.
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} != -- ]] || return 0
  done
  case $option in
    ${paths('files')})
      IFS=$'\\n'
      COMPREPLY=($(compgen -f -- "$word"))
      compopt -o filenames 2>/dev/null
      ;;
    ${paths('directories')})
      IFS=$'\\n'
      COMPREPLY=($(compgen -d -- "$word"))
      compopt -o filenames 2>/dev/null
      ;;
${lists.map(({ row, words }) => `    ${patternOf([row])}) COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word")) ;;`).join('\n')}
    ${patternOf(withValue.filter(({ offers }) => offers === undefined))}) ;;
    *)
      if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W '${OPTION_LIST.flatMap(flagsOf).join(' ')}' -- "$word"))
      fi
      ;;
  esac
}
complete -F _range_get range-get
`
}

function zshScript(): string {
  return `#compdef range-get
# Completion of range-get for zsh. In ~/.zshrc, after compinit: source <(range-get --completion zsh)
_range-get() {
  _arguments -s -S \\
${OPTION_LIST.map((row) => `    ${zshSpec(row)} \\`).join('\n')}
    '*:URL:_urls'
}
if [[ $funcstack[1] == _range-get ]]; then
  _range-get "$@"
else
  compdef _range-get range-get
fi
`
}

function zshSpec(row: NamedOption): string {
  const { name, short, value, isRepeatable, offers } = row
  const plus = value === undefined ? ['', ''] : ['+', '=']
  const flags = short === undefined ? `--${name}${plus[1]}` : `{-${short}${plus[0]},--${name}${plus[1]}}`
  const others = isRepeatable ? '*' : short === undefined ? '' : `(${flagsOf(row).join(' ')})`
  const action = { files: '_files', directories: '_files -/' }
  const offered = typeof offers === 'object' ? `(${offers.join(' ')})` : offers && action[offers]
  const argument = value === undefined ? '' : `:${zshText(value)}:${offered ?? ''}`
  const front = others === '' ? '' : quoted(others)
  return `${front}${flags}${quoted(`[${zshText(brief(row))}]${argument}`)}`
}

/** Colons and brackets separate the parts of a description. */
function zshText(text: string): string {
  return text.replace(/[\\:[\]]/g, '\\$&')
}

function fishScript(): string {
  const lines = OPTION_LIST.map((row) => {
    const { name, short, offers, value } = row
    const letter = short === undefined ? '' : ` -s ${short}`
    return `complete -c range-get${letter} -l ${name}${value === undefined ? '' : fishValue(offers)} -d ${quoted(brief(row))}`
  })
  return `# Completion of range-get for fish. Write it to ~/.config/fish/completions/range-get.fish
complete -c range-get -f
${lines.join('\n')}
`
}

function fishValue(offers: NamedOption['offers']): string {
  if (offers === undefined) return ' -x'
  if (offers === 'files') return ' -r -F'
  return ` -x -a ${quoted(offers === 'directories' ? '(__fish_complete_directories)' : offers.join(' '))}`
}

/** In single quotes. The three shells agree on this form for texts without backslashes before a quote. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
