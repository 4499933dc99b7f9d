// Options that npm keeps for itself, because they were typed without `--`. Pure.

/**
 * The command with `--` where npm wants it, or null if npm has kept no option of the program. npm passes `--step=10` as
 * `npm_config_step=10`; of `--step 10` it passes `npm_config_step=true`, and `10` as an argument. A setting of that name
 * in a .npmrc looks the same, so an option counts as kept only if it is not among the arguments too.
 */
export function commandForNpm({ command, values, flags }, args, env) {
  const isGiven = (name) => args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))
  const settingOf = (name) => (isGiven(name) ? '' : (env[`npm_config_${name}`] ?? ''))
  const kept = [...Object.keys(values), ...flags].filter((name) => !['', 'false'].includes(settingOf(name)))
  if (kept.length === 0) return null
  const words = args.filter((arg) => !arg.startsWith('-'))
  const withoutValue = kept.filter((name) => name in values && settingOf(name) === 'true')
  // Of several such options nobody knows which word belongs to which one.
  const isClear = withoutValue.length === 1 && words.length === 1
  const options = kept.flatMap((name) => {
    if (!(name in values)) return [`--${name}`]
    const value = settingOf(name)
    return [`--${name}`, value === 'true' ? (isClear ? quoted(words[0]) : values[name]) : quoted(value)]
  })
  const others = args.filter((arg) => !words.includes(arg))
  return [command, '--', ...options, ...others.map(quoted)].join(' ')
}

/** As a shell needs it. */
function quoted(word) {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
