// Wrong options fail at construction, in one voice: the option, what was expected, what came.

import { inspect } from 'node:util'
import { withoutCredentials } from './redaction.ts'

/** One checker per option name; each returns what it expected when the value is wrong. */
export type OptionChecks<T> = { readonly [K in keyof T]-?: (value: unknown) => string | undefined }

/**
 * Checks `options` given to `owner`. `undefined` values count as absent.
 *
 * @throws TypeError for a value of the wrong kind and for a name that `checks` does not know.
 */
export function checkOptions<T extends object>(owner: string, options: T | undefined, checks: OptionChecks<T>): T {
  if (options === undefined) return {} as T
  if (!isObject(options)) throw argumentError(owner, 'an options object', options)
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name as keyof T] : undefined
    if (check === undefined) {
      const known = Object.keys(checks).sort().join(', ')
      throw new TypeError(`${owner}: unknown option ${inspect(name)}; known are ${known}`)
    }
    if (value === undefined) continue
    const expected = check(value)
    if (expected !== undefined) throw argumentError(`${owner}: option ${inspect(name)}`, expected, shown(name, value))
  }
  return options
}

/** Any header may be a credential. */
function shown(name: string, value: unknown): unknown {
  return name === 'headers' && isObject(value) ? Object.keys(value) : value
}

export function argumentError(subject: string, expected: string, value: unknown): TypeError {
  return new TypeError(`${subject}: expected ${expected}, got ${summary(value)}`)
}

export const aString = (value: unknown) => (typeof value === 'string' ? undefined : 'a string')
export const aBoolean = (value: unknown) => (typeof value === 'boolean' ? undefined : 'a boolean')
export const aFunction = (value: unknown) => (typeof value === 'function' ? undefined : 'a function')
export const anything = () => undefined

export const aCount = (value: unknown) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'a whole number, 0 or more'

export const aLimit = (value: unknown) =>
  value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) > 0)
    ? undefined
    : 'a whole number above 0, or Infinity'

export const namePatterns = (value: unknown) =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string' || entry instanceof RegExp)
    ? undefined
    : 'an array of strings and regular expressions'

export const someNames = (value: unknown) =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? undefined : 'an array of strings'

/** Severity numbers of OTel's log data model: 1 (TRACE) to 24 (FATAL4). */
export const severityTable = (value: unknown) =>
  isObject(value) && Object.values(value).every((n) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 24)
    ? undefined
    : 'an object from level names to severity numbers of 1 to 24'

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function summary(value: unknown): string {
  const options = { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 60, maxArrayLength: 3 }
  return withoutCredentials(inspect(value, options))
}

/** `values` without those that are undefined. */
export function definedOnly<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
