// Whatever a log line calls its time → OTel's HrTime. Never a bare number: the SDK reads a small one as an offset from
// the start of this thread.

import { types } from 'node:util'

/** Seconds since the Unix epoch, and nanoseconds. */
export type HrTime = [seconds: number, nanoseconds: number]

const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?(Z|[+-]\d\d:?\d\d)$/

export function hrTimeOfMillis(millis: number): HrTime {
  const seconds = Math.floor(millis / 1000)
  return [seconds, Math.min(999_999_999, Math.round((millis - seconds * 1000) * 1e6))]
}

/**
 * Reads epoch numbers in seconds, milliseconds, microseconds or nanoseconds (told apart by their size), the same as
 * strings of digits, ISO 8601 strings to the nanosecond, Dates, and HrTime itself.
 *
 * @returns undefined for anything else: the record then has the time when it was seen.
 */
export function hrTimeOf(value: unknown): HrTime | undefined {
  if (typeof value === 'number') return hrTimeOfNumber(value)
  if (typeof value === 'string') return /^\d{9,19}$/.test(value) ? hrTimeOfDigits(value) : hrTimeOfIso(value)
  if (types.isDate(value)) return hrTimeOfNumber(Date.prototype.getTime.call(value))
  return isHrTime(value) ? value : undefined
}

function isHrTime(value: unknown): value is HrTime {
  if (types.isProxy(value) || !Array.isArray(value) || value.length !== 2) return false
  return (
    Number.isSafeInteger(value[0]) && value[0] >= 0 && Number.isInteger(value[1]) && value[1] >= 0 && value[1] < 1e9
  )
}

function hrTimeOfNumber(value: number): HrTime | undefined {
  if (!(value > 0) || value >= 1e20) return undefined
  if (value < 1e11) return hrTimeOfMillis(value * 1e3)
  if (value < 1e14) return hrTimeOfMillis(value)
  return hrTimeOfMillis(value < 1e17 ? value / 1e3 : value / 1e6)
}

function hrTimeOfDigits(digits: string): HrTime | undefined {
  if (digits.length < 18) return hrTimeOfNumber(Number(digits))
  return [Number(digits.slice(0, -9)), Number(digits.slice(-9))]
}

function hrTimeOfIso(text: string): HrTime | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const [, dateTime, fraction = '', zone] = match
  const millis = Date.parse(`${dateTime}${zone}`)
  return millis > 0 ? [millis / 1000, Number(fraction.padEnd(9, '0'))] : undefined
}
