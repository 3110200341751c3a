// What OTel's environment variables hold. As specified a number that is wrong is told and counts as unset
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/).

import { internalLog } from './internal-logger.ts'
import { argumentError } from './options.ts'

/**
 * @param names the most special one first.
 * @param check what was expected, where the number is none of that.
 */
export function numberFromEnvironment(
  names: readonly string[],
  check: (value: number) => string | undefined,
): number | undefined {
  for (const name of names) {
    const text = process.env[name]?.trim()
    if (text === undefined || text === '') continue
    const expected = check(Number(text))
    if (expected === undefined) return Number(text)
    internalLog('warn', 'environment', `${argumentError(name, expected, text).message}; it is not used`)
  }
  return undefined
}

/** Reads `key1=value1,key2=value2`; still percent-encoded. @returns undefined where an entry is no pair. */
export function pairsOf(text: string): [key: string, value: string][] | undefined {
  const entries = text.split(',').filter((entry) => entry.trim() !== '')
  if (entries.some((entry) => entry.indexOf('=') < 1)) return undefined
  return entries.map((entry) => {
    const at = entry.indexOf('=')
    return [entry.slice(0, at).trim(), entry.slice(at + 1).trim()]
  })
}
