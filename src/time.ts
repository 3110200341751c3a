// Whatever a log line calls its time → OTel's HrTime. Never a bare number: the SDK reads a small one as an offset from
// the start of this thread.

import { types } from 'node:util'

/** Seconds since the Unix epoch, and nanoseconds. */
export type HrTime = [seconds: number, nanoseconds: number]

/** ISO 8601 and RFC 3339, to the nanosecond. A time without a zone is none: whose clock it tells, nobody knows. */
const ISO = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(?:[.,](\d{1,9})\d*)? ?([Zz]|[+-]\d\d(?::?\d\d)?)$/
/** What `toUTCString`, `toString` and RFC 2822 make of a time. */
const RFC_2822 =
  /^(?:\w{3},? )?(?:\w{3} \d\d?|\d\d? \w{3}) \d{4} \d\d:\d\d:\d\d (?:GMT|UTC|Z)?(?:[+-]\d{4})?(?: \([^)]*\))?$/
const DIGITS = /^\d{9,19}$/
const DECIMAL = /^\d{9,16}\.\d{1,9}$/

export function hrTimeOfMillis(millis: number): HrTime {
  return hrTimeOfUnits(millis, 1e3)
}

/** The whole seconds first: a double has not the digits for all of it. */
function hrTimeOfUnits(value: number, unitsPerSecond: number): HrTime {
  const seconds = Math.floor(value / unitsPerSecond)
  const rest = value - seconds * unitsPerSecond
  return [seconds, Math.min(999_999_999, Math.round(rest * (1e9 / unitsPerSecond)))]
}

/**
 * Reads epoch numbers in seconds, milliseconds, microseconds or nanoseconds (told apart by their size), the same as
 * bigints and strings, ISO 8601 strings to the nanosecond, the strings that a Date makes, Dates, and HrTime itself.
 *
 * @returns undefined for anything else: the record then has the time when it was seen.
 */
export function hrTimeOf(value: unknown): HrTime | undefined {
  if (typeof value === 'number') return hrTimeOfNumber(value)
  if (typeof value === 'string') return hrTimeOfText(value)
  if (typeof value === 'bigint') return value < 10n ** 19n ? hrTimeOfText(String(value)) : undefined
  if (types.isDate(value)) return hrTimeOfEpoch(Date.prototype.getTime.call(value))
  return isHrTime(value) ? value : undefined
}

function isHrTime(value: unknown): value is HrTime {
  if (types.isProxy(value) || !Array.isArray(value) || value.length !== 2) return false
  return (
    Number.isSafeInteger(value[0]) && value[0] >= 0 && Number.isInteger(value[1]) && value[1] >= 0 && value[1] < 1e9
  )
}

/** Less is a duration, or a count: in seconds it would be a time before 1973. */
const MIN_EPOCH = 1e8

function hrTimeOfNumber(value: number): HrTime | undefined {
  if (!(value >= MIN_EPOCH) || value >= 1e20) return undefined
  if (value < 1e11) return hrTimeOfUnits(value, 1)
  if (value < 1e14) return hrTimeOfUnits(value, 1e3)
  return hrTimeOfUnits(value, value < 1e17 ? 1e6 : 1e9)
}

function hrTimeOfText(text: string): HrTime | undefined {
  if (DIGITS.test(text)) return hrTimeOfDigits(text)
  if (DECIMAL.test(text)) return hrTimeOfDecimal(text)
  return hrTimeOfIso(text) ?? (RFC_2822.test(text) ? hrTimeOfEpoch(Date.parse(text)) : undefined)
}

function hrTimeOfDigits(digits: string): HrTime | undefined {
  if (digits.length < 18) return hrTimeOfNumber(Number(digits))
  return [Number(digits.slice(0, -9)), Number(digits.slice(-9))]
}

/** Seconds keep their nanoseconds: a double would round them. */
function hrTimeOfDecimal(text: string): HrTime | undefined {
  const [whole = '', fraction = ''] = text.split('.')
  return whole.length <= 11 ? [Number(whole), Number(fraction.padEnd(9, '0'))] : hrTimeOfNumber(Number(text))
}

function hrTimeOfIso(text: string): HrTime | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const [, date, minutes, seconds = ':00', fraction = '', zone = ''] = match
  const offset = zone.length === 3 ? `${zone}:00` : zone.toUpperCase()
  const time = hrTimeOfEpoch(Date.parse(`${date}T${minutes}${seconds}${offset}`))
  return time && [time[0], Number(fraction.padEnd(9, '0'))]
}

/** @param millis NaN where it is no time. */
function hrTimeOfEpoch(millis: number): HrTime | undefined {
  return millis > 0 ? hrTimeOfMillis(millis) : undefined
}
