// Level names and numbers → SeverityNumber (1 to 24) of OTel's log data model.

/** Severity numbers by level name, lower case: pino's, winston's npm and cli levels, and syslog's (Appendix B). */
const SEVERITY_OF_NAME: Readonly<Record<string, number>> = {
  trace: 1,
  silly: 1,
  input: 2,
  prompt: 4,
  verbose: 6,
  debug: 5,
  http: 7,
  info: 9,
  data: 10,
  notice: 10,
  help: 11,
  warn: 13,
  warning: 13,
  error: 17,
  crit: 18,
  alert: 19,
  emerg: 21,
  fatal: 21,
}

const MIN_SEVERITY = 1
const MAX_SEVERITY = 24

/** pino's numbers: trace 10 → 1, debug 20 → 5 … fatal 60 → 21; numbers between them scale with them. */
export function severityOfPinoNumber(level: number): number {
  if (Number.isNaN(level)) return 0
  return Math.min(MAX_SEVERITY, Math.max(MIN_SEVERITY, 1 + Math.floor((level - 10) * 0.4)))
}

export function severityOfName(name: string): number | undefined {
  const key = name.toLowerCase()
  return Object.hasOwn(SEVERITY_OF_NAME, key) ? SEVERITY_OF_NAME[key] : undefined
}

/**
 * winston's levels: a number per name, the lower the graver. A name that is not a known one lies half way between its
 * nearest known neighbours.
 */
export function severityOfWinstonLevel(name: string, levels: Readonly<Record<string, number>>): number {
  const rank = levels[name]
  // winston's cli levels rank verbose below debug, its npm levels above.
  if (name === 'verbose' && rank !== undefined && rank > (levels.debug ?? rank)) return 3
  const known = severityOfName(name)
  if (known !== undefined) return known
  if (rank === undefined) return 0
  let graver: { rank: number; severity: number } | undefined
  let lighter: { rank: number; severity: number } | undefined
  for (const [other, otherRank] of Object.entries(levels)) {
    const severity = severityOfName(other)
    if (severity === undefined) continue
    if (otherRank < rank && (graver === undefined || otherRank > graver.rank)) graver = { rank: otherRank, severity }
    if (otherRank > rank && (lighter === undefined || otherRank < lighter.rank)) lighter = { rank: otherRank, severity }
  }
  if (graver === undefined && lighter === undefined) return 0
  if (graver === undefined) return Math.min(MAX_SEVERITY, (lighter?.severity ?? 0) + 4)
  if (lighter === undefined) return Math.max(MIN_SEVERITY, graver.severity - 4)
  return Math.round((graver.severity + lighter.severity) / 2)
}
