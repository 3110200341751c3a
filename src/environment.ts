// OTel's environment variables that hold a number. As specified a wrong one is told and counts as unset
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
