// Names that options choose by: equal, by a glob, or by a regular expression. Compiled once, and asked once for a name.

/** Names that loggers make up as they go have no end. */
const MAX_KNOWN_NAMES = 1000

/** @returns whether a name is one of `patterns`: a text with `*` or `?` is a glob over the whole name. */
export function createNameMatcher(patterns: readonly (string | RegExp)[]): (name: string) => boolean {
  const names = new Set<string>()
  const expressions: RegExp[] = []
  for (const pattern of patterns) {
    if (typeof pattern !== 'string') expressions.push(pattern)
    else if (/[*?]/.test(pattern)) expressions.push(expressionOfGlob(pattern))
    else names.add(pattern)
  }
  // By `search`, which no `lastIndex` of a global or sticky expression leads astray.
  const matches = (name: string) => names.has(name) || expressions.some((expression) => name.search(expression) !== -1)
  const known = new Map<string, boolean>()
  return (name) => {
    let isMatch = known.get(name)
    if (isMatch === undefined) {
      isMatch = matches(name)
      if (known.size < MAX_KNOWN_NAMES) known.set(name, isMatch)
    }
    return isMatch
  }
}

/** `*` is any text, `?` any one character. */
function expressionOfGlob(glob: string): RegExp {
  const source = glob
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 'su')
}
