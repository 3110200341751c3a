// A winston info → a record. The info is taken as the logger's format left it, so that redaction and interpolation
// count; only errors are looked for where the app put them too, since formats turn them into plain objects.

import { types } from 'node:util'
import { type AnyValueMap, readProperty } from '../../src/attributes.ts'
import { EXCEPTION_KEYS, type ExceptionFacts, exceptionOfStack, isError } from '../../src/exception.ts'
import type { RecordLimits } from '../../src/limits.ts'
import { copyPlain, isPlainText, PlainKeys } from '../../src/plain.ts'
import type { CleanRecord, GivenRecord } from '../../src/record.ts'
import { severityOfWinstonLevel } from '../../src/severity.ts'
import { hrTimeOf } from '../../src/time.ts'

// triple-beam's symbols.
export const LEVEL = Symbol.for('level')
const SPLAT = Symbol.for('splat')

type Info = Readonly<Record<string | symbol, unknown>>

/**
 * The level's name, without the colours that a format may have put around `info.level`.
 *
 * @param logged the info before the format, which may have built a new one without symbols.
 */
export function levelOf(info: object, logged: object = info): string | undefined {
  try {
    const level = (info as Info)[LEVEL] ?? (logged as Info)[LEVEL] ?? (info as Info).level
    return typeof level === 'string' ? level : undefined
  } catch {
    return undefined
  }
}

export function severityNumberOf(
  level: string | undefined,
  levels: Readonly<Record<string, number>>,
  severities: Readonly<Record<string, number>> | undefined,
): number {
  if (level === undefined) return 0
  const chosen = severities !== undefined && Object.hasOwn(severities, level) ? severities[level] : undefined
  return chosen ?? severityOfWinstonLevel(level, levels)
}

/** Fields that may be errors, or tell of one. */
const plainKeys = new PlainKeys((key) => ![...EXCEPTION_KEYS, 'cause', 'otel.event.name'].includes(key))

const isTold = (key: string) => key === 'level' || key === 'message' || key === 'timestamp'

/**
 * Copies an info in which there is nothing to clean and no error to look for: nearly every one.
 *
 * @returns undefined for any other.
 */
export function recordOfPlainInfo(info: object, limits: RecordLimits): CleanRecord | undefined {
  const attributes: AnyValueMap = {}
  if (types.isProxy(info) || types.isNativeError(info)) return undefined
  const body = dataProperty(info, 'message')
  if (typeof body !== 'string' || !isPlainText(body, limits) || 'stack' in info) return undefined
  if (!copyPlain(attributes, info, limits, limits.attributeCount, isTold, plainKeys)) return undefined
  const timestamp = hrTimeOf(dataProperty(info, 'timestamp'))
  if (timestamp === undefined && Object.hasOwn(info, 'timestamp')) return undefined
  const severityText = levelOf(info)
  return { severityText, timestamp, body, attributes, droppedAttributesCount: 0, eventName: undefined, isPlain: true }
}

/**
 * @param formatted the info to bridge.
 * @param logged the info before the logger's format; the same, unless a format built a new one.
 * @param argument the Error that the app logged, where it was an argument of its own.
 * @param isPlain false where {@link recordOfPlainInfo} has refused it.
 */
export function recordOfInfo(
  formatted: object,
  logged: object,
  argument: Error | undefined,
  isPlain?: false,
): GivenRecord {
  const info = formatted as Info
  const exception = argument ?? findError(info, logged as Info)
  // Its own: winston copies the meta by assignment, and a `__proto__` in that becomes the info's prototype.
  const timestamp = dataProperty(info, 'timestamp')
  const hasTime = hrTimeOf(timestamp) !== undefined
  // winston copies the cause of an error onto the info.
  const cause = dataProperty(info, 'cause')
  const hasToldCause = cause !== undefined && exception !== undefined && cause === dataProperty(exception, 'cause')
  return {
    severityText: levelOf(info, logged),
    timestamp: hasTime ? timestamp : undefined,
    body: readProperty(info, 'message'),
    attributes: info,
    isTold: (key) =>
      key === 'level' || key === 'message' || (key === 'timestamp' && hasTime) || (key === 'cause' && hasToldCause),
    exception,
    isPlain,
  }
}

/** An Error that was logged as such, or among the arguments; `splat` empties their list, `errors` replaces the message. */
export function errorArgumentOf(info: object): Error | undefined {
  const message = dataProperty(info, 'message')
  if (isError(message)) return message
  const splat = dataProperty(info, SPLAT)
  return Array.isArray(splat) ? splat.find(isError) : undefined
}

/**
 * `logger.error(err)`, `log({ message: err })`, `error('text', err)`, `error('text', { err })`. By `child.error(err)` winston
 * copies message and stack onto a plain info.
 */
function findError(info: Info, logged: Info): Error | ExceptionFacts | undefined {
  if (isError(info)) return info
  if (isError(logged)) return logged
  return (
    errorIn(info) ?? (info === logged ? undefined : errorIn(logged)) ?? exceptionOfStack(dataProperty(info, 'stack'))
  )
}

function errorIn(holder: Info): Error | undefined {
  for (const key of EXCEPTION_KEYS) {
    const value = dataProperty(holder, key)
    if (isError(value)) return value
  }
  return undefined
}

/** Reads no accessor: that is left to cleaning, which reads each once. */
export function dataProperty(owner: object, key: string | symbol): unknown {
  try {
    return Object.getOwnPropertyDescriptor(owner, key)?.value
  } catch {
    return undefined
  }
}
