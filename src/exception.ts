// An error → the exception attributes of the semantic conventions. Only real errors count: a field called `name`,
// `code` or `message` is data.

import { types } from 'node:util'
import type { AnyValueMap, RecordCleaner } from './attributes.ts'

/** The `exception.*` attributes (https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/). */
export interface ExceptionFacts {
  readonly type?: string
  readonly message?: string
  /** The stack with those of the causes, and of the errors that an AggregateError holds, behind it. */
  readonly stacktrace?: string
}

/** Errors that one stack trace follows: causes, and members of AggregateErrors. */
const MAX_ERRORS = 16

export function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error
  } catch {
    return false
  }
}

/** Reads an error; what throws on being read is left out. */
export function exceptionOf(error: Error): ExceptionFacts {
  return present(typeOf(error), textOf(error, 'message'), stackWithCauses(error))
}

/** Adds the `exception.*` attributes for an Error, facts of one, or whatever else was thrown. */
export function addException(attributes: AnyValueMap, exception: unknown, cleaner: RecordCleaner): void {
  const { type, message, stacktrace } = exceptionOfAny(exception)
  cleaner.addAttributes(attributes, {
    'exception.type': type,
    'exception.message': message,
    'exception.stacktrace': stacktrace,
  })
}

function exceptionOfAny(thrown: unknown): ExceptionFacts {
  if (isError(thrown)) return exceptionOf(thrown)
  if (typeof thrown !== 'object' || thrown === null) return present(undefined, String(thrown), undefined)
  return present(textOf(thrown, 'type'), textOf(thrown, 'message'), textOf(thrown, 'stacktrace'))
}

/** Reads what pino's error serializer made of an error; undefined where `value` is something else. */
export function exceptionOfSerialized(value: unknown): ExceptionFacts | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const message = textOf(value, 'message')
  const stack = textOf(value, 'stack')
  if (message === undefined || stack === undefined) return undefined
  return present(typeOfSerialized(value), message, stackOfSerialized(value, stack))
}

function typeOfSerialized(value: object): string | undefined {
  const type = textOf(value, 'type')
  return type === undefined || type === 'Error' ? (textOf(value, 'name') ?? type) : type
}

/** pino's serializers join the stacks of the causes, or nest them; those of an AggregateError's members they nest. */
function stackOfSerialized(value: object, stack: string): string {
  const lines = [stack]
  const queue = nestedIn(value)
  for (let next = queue.shift(); next !== undefined && lines.length < MAX_ERRORS; next = queue.shift()) {
    const nested = textOf(next.error, 'stack')
    if (nested === undefined || stack.includes(nested)) continue
    lines.push(next.label + nested)
    queue.unshift(...nestedIn(next.error))
  }
  return lines.join('\n')
}

function nestedIn(value: object): { error: object; label: string }[] {
  const cause = { error: fieldOf(value, 'cause'), label: 'Caused by: ' }
  const members: unknown = fieldOf(value, 'aggregateErrors')
  const aggregated = Array.isArray(members) ? members.slice(0, MAX_ERRORS) : []
  return [cause, ...aggregated.map((error: unknown) => ({ error, label: 'Aggregates: ' }))].filter(
    (entry): entry is { error: object; label: string } => typeof entry.error === 'object' && entry.error !== null,
  )
}

function present(
  type: string | undefined,
  message: string | undefined,
  stacktrace: string | undefined,
): ExceptionFacts {
  return {
    ...(type !== undefined && { type }),
    ...(message !== undefined && { message }),
    ...(stacktrace !== undefined && { stacktrace }),
  }
}

/** `name` where the app set one, else the class: `class HttpError extends Error` alone still says `Error` in `name`. */
function typeOf(error: Error): string | undefined {
  const name = textOf(error, 'name')
  if (name !== undefined && name !== 'Error') return name
  try {
    const className: unknown = error.constructor.name
    return typeof className === 'string' && className !== '' ? className : name
  } catch {
    return name
  }
}

function stackWithCauses(error: Error): string | undefined {
  const seen = new Set<unknown>()
  const lines: string[] = []
  const queue: { error: unknown; label: string }[] = [{ error, label: '' }]
  for (let next = queue.shift(); next !== undefined && seen.size < MAX_ERRORS; next = queue.shift()) {
    if (seen.has(next.error)) continue
    seen.add(next.error)
    const text = stackOf(next.error)
    if (text === undefined) continue
    lines.push(next.label + text)
    const cause = fieldOf(next.error, 'cause')
    if (cause !== undefined && cause !== null) queue.unshift({ error: cause, label: 'Caused by: ' })
    const members = fieldOf(next.error, 'errors')
    if (Array.isArray(members)) {
      for (const member of members.slice(0, MAX_ERRORS)) queue.push({ error: member, label: 'Aggregates: ' })
    }
  }
  return lines.length === 0 ? undefined : lines.join('\n')
}

function stackOf(error: unknown): string | undefined {
  if (!isError(error)) return typeof error === 'string' ? error : undefined
  const message = textOf(error, 'message')
  return (
    textOf(error, 'stack') ?? (message === undefined ? undefined : `${textOf(error, 'name') ?? 'Error'}: ${message}`)
  )
}

function textOf(owner: object, key: string): string | undefined {
  const value = fieldOf(owner, key)
  return typeof value === 'string' ? value : undefined
}

function fieldOf(owner: unknown, key: string): unknown {
  if (typeof owner !== 'object' || owner === null) return undefined
  try {
    return (owner as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}
