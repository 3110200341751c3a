// A winston info → a record. The info is taken as the logger's format left it, so that redaction and interpolation
// count; only errors are looked for where the app put them, since `format.errors` turns them into plain objects.

import { readProperty } from '../../src/attributes.ts'
import type { SourceRecord } from '../../src/bridge.ts'
import { type ExceptionFacts, exceptionOf, isError } from '../../src/exception.ts'
import { severityOfWinstonLevel } from '../../src/severity.ts'
import { hrTimeOf } from '../../src/time.ts'

// triple-beam's symbols.
const LEVEL = Symbol.for('level')
const SPLAT = Symbol.for('splat')

/** Keys under which an Error stands for the record's own exception. */
const ERROR_KEYS = ['error', 'err', 'exception'] as const

type Info = Readonly<Record<string | symbol, unknown>>

/** The level's name, without the colours that a format may have put around `info.level`. */
export function levelOf(info: object): string | undefined {
  const { [LEVEL]: level = (info as Info).level } = info as Info
  return typeof level === 'string' ? level : undefined
}

export function severityNumberOf(
  level: string | undefined,
  levels: Readonly<Record<string, number>>,
  severities: Readonly<Record<string, number>> | undefined,
): number {
  if (level === undefined) return 0
  return severities?.[level] ?? severityOfWinstonLevel(level, levels)
}

/**
 * @param formatted the info to bridge.
 * @param logged the info that the app's call made; the same, unless a format built a new one.
 */
export function recordOfInfo(formatted: object, logged: object): SourceRecord {
  const info = formatted as Info
  const found = findError(info) ?? findError(logged as Info)
  const exception = found && exceptionOf(found.error)
  const timestamp = readProperty(info, 'timestamp')
  const hasTime = hrTimeOf(timestamp) !== undefined
  const message = readProperty(info, 'message')
  const attributes: Record<string, unknown> = Object.create(null)
  for (const key of Object.keys(info)) {
    if (key === 'level' || key === 'message' || (key === 'timestamp' && hasTime)) continue
    const value = readProperty(info, key)
    if (found !== undefined && exception !== undefined && isToldByException(key, value, found, exception)) continue
    attributes[key] = value
  }
  return {
    severityText: levelOf(info),
    timestamp: hasTime ? timestamp : undefined,
    body: isError(message) ? readProperty(message, 'message') : message,
    attributes,
    exception,
  }
}

interface FoundError {
  readonly error: Error
  /** Where it stands as an attribute, if it does. */
  readonly key: string | undefined
}

/** `logger.error(err)`, `log({ message: err })`, `error('text', err)`, `error('text', { err })`: real Errors only. */
function findError(info: Info): FoundError | undefined {
  if (isError(info)) return { error: info, key: undefined }
  const message = dataProperty(info, 'message')
  if (isError(message)) return { error: message, key: undefined }
  const splat = dataProperty(info, SPLAT)
  const argument = Array.isArray(splat) ? splat.find(isError) : undefined
  if (argument !== undefined) return { error: argument, key: undefined }
  for (const key of ERROR_KEYS) {
    const value = dataProperty(info, key)
    if (isError(value)) return { error: value, key }
  }
  return undefined
}

/** Reads no accessor: that is left to cleaning, which reads each once. */
function dataProperty(info: Info, key: string | symbol): unknown {
  return Object.getOwnPropertyDescriptor(info, key)?.value
}

/** winston copies `stack` and `cause` of an error onto the info; an error without fields of its own is all told. */
function isToldByException(
  key: string,
  value: unknown,
  { error, key: errorKey }: FoundError,
  exception: ExceptionFacts,
): boolean {
  if (key === 'stack') return typeof value === 'string' && exception.stacktrace?.startsWith(value) === true
  if (key === 'cause') return value === error.cause
  return key === errorKey && Object.keys(error).length === 0
}
