// An error → the exception attributes of the semantic conventions. Only real errors count: a field called `name`,
// `code` or `message` is data.

import { types } from 'node:util'
import { type AnyValue, type AnyValueMap, type RecordCleaner, textOf } from './attributes.ts'

/** The `exception.*` attributes (https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/). */
export interface ExceptionFacts {
  readonly type?: string
  readonly message?: string
  /** The stack with those of the causes, and of the errors that an AggregateError holds, behind it. */
  readonly stacktrace?: string
}

/** Errors that one stack trace follows: causes, and members of AggregateErrors. */
const MAX_ERRORS = 16

/** Where an error, and what pino's serializers make of one, keeps other errors. */
const MEMBERS_KEYS: readonly string[] = ['errors', 'aggregateErrors']
/** Of an Error; what else it has is a field of the app's. */
const ERROR_KEYS: readonly string[] = ['name', 'message', 'stack', 'cause', 'errors']
/** Of anything else that stands for one. */
const FACT_KEYS: readonly string[] = ['type', 'name', 'message', 'stack', 'stacktrace', 'cause', ...MEMBERS_KEYS]

/** Keys under which an Error stands for a record's own exception. */
export const EXCEPTION_KEYS = ['error', 'err', 'exception'] as const

/** @returns what a `stack` field tells: it is nothing but an error's. Undefined where it is none. */
export function exceptionOfStack(stack: unknown): ExceptionFacts | undefined {
  if (typeof stack !== 'string') return undefined
  const frames = stack.indexOf('\n    at ')
  const [prefix, type] = /^([\w$.]+)(?: \[\w+\])?(?:: |\n)/.exec(stack) ?? []
  if (frames === -1 || prefix === undefined || type === undefined) return undefined
  return { type, message: stack.slice(prefix.length, frames), stacktrace: stack }
}

export function isError(value: unknown): value is Error {
  // Mostly it is the text of a message.
  if (typeof value !== 'object' || value === null) return false
  try {
    return types.isNativeError(value) || value instanceof Error
  } catch {
    return false
  }
}

/** Whether `value` is what pino's serializer makes of an error. */
export function isSerializedError(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const { message, stack } = value as Record<string, unknown>
  return typeof message === 'string' && typeof stack === 'string'
}

/**
 * Adds the `exception.*` attributes for an Error, what a serializer made of one, facts of one, or whatever else was
 * thrown. From then on the cleaner puts nothing in its place but the fields that these attributes do not tell.
 */
export function addException(attributes: AnyValueMap, exception: unknown, cleaner: RecordCleaner): void {
  if (typeof exception !== 'object' || exception === null) {
    cleaner.addAttributes(attributes, { 'exception.message': String(exception) })
    return
  }
  const isReal = isError(exception)
  const keys = keysOf(exception)
  const toldKeys = isReal ? ERROR_KEYS : FACT_KEYS
  const error = isReal ? cleaner.errorFieldsOf(exception, keys) : cleaner.fieldsOf(exception, toldKeys)
  const told = new Set<AnyValue>()
  cleaner.addAttributes(attributes, {
    'exception.type': exceptionTypeOf(error),
    'exception.message': textOf(error.message),
    'exception.stacktrace': textOf(error.stacktrace) ?? stackTraceOf(error, told),
  })
  cleaner.replace(exception, () => {
    const furtherKeys = keys.filter((key) => !toldKeys.includes(key))
    const fields = { ...furtherFields(error, told), ...cleaner.fieldsOf(exception, furtherKeys) }
    return isEmpty(fields) ? undefined : fields
  })
}

function keysOf(exception: object): readonly string[] {
  try {
    return Object.keys(exception)
  } catch {
    // A Proxy: reading its fields will say what is wrong with it.
    return []
  }
}

/** The class that pino's serializer tells, unless it says no more than `Error`; else the name. */
function exceptionTypeOf({ type, name }: AnyValueMap): string | undefined {
  return type === undefined || type === 'Error' ? (textOf(name) ?? textOf(type)) : textOf(type)
}

/** pino's serializers join the stacks of the causes, or nest them; those of an AggregateError's members they nest. */
function stackTraceOf(error: AnyValueMap, told: Set<AnyValue>): string | undefined {
  const lines: string[] = []
  const queue: { error: AnyValue; label: string }[] = [{ error, label: '' }]
  for (let next = queue.shift(); next !== undefined && told.size < MAX_ERRORS; next = queue.shift()) {
    const stack = stackOf(next.error)
    if (stack === undefined) continue
    told.add(next.error)
    if (lines[0]?.includes(stack) !== true) lines.push(next.label + stack)
    if (!isMap(next.error)) continue
    const { cause } = next.error
    if (cause !== undefined) queue.unshift({ error: cause, label: 'Caused by: ' })
    for (const member of membersOf(next.error)) queue.push({ error: member, label: 'Aggregates: ' })
  }
  return lines.length === 0 ? undefined : lines.join('\n')
}

function stackOf(error: AnyValue): string | undefined {
  if (!isMap(error)) return textOf(error)
  const message = textOf(error.message)
  return textOf(error.stack) ?? (message === undefined ? undefined : `${exceptionTypeOf(error) ?? 'Error'}: ${message}`)
}

function membersOf(error: AnyValueMap): AnyValue[] {
  return MEMBERS_KEYS.flatMap((key) => error[key] ?? []).slice(0, MAX_ERRORS)
}

/** What the `exception.*` attributes do not say of an error and of those that it holds. */
function furtherFields(error: AnyValueMap, told: ReadonlySet<AnyValue>): AnyValueMap {
  const type = exceptionTypeOf(error)
  const fields: AnyValueMap = {}
  for (const [key, value] of Object.entries(error)) {
    if (TEXT_KEYS.includes(key) && typeof value === 'string') continue
    if (key === 'name' && value === type) continue
    const further = key === 'cause' || MEMBERS_KEYS.includes(key) ? furtherOf(value, told) : value
    if (further !== undefined) fields[key] = further
  }
  return fields
}
const TEXT_KEYS = ['type', 'message', 'stack', 'stacktrace']

function furtherOf(value: AnyValue, told: ReadonlySet<AnyValue>): AnyValue | undefined {
  if (Array.isArray(value)) {
    const members = value.map((member) => furtherOf(member, told))
    return members.every((member) => member === undefined) ? undefined : members.map((member) => member ?? {})
  }
  if (!told.has(value)) return value
  const fields = isMap(value) ? furtherFields(value, told) : {}
  return isEmpty(fields) ? undefined : fields
}

function isEmpty(fields: AnyValueMap): boolean {
  return Object.keys(fields).length === 0
}

function isMap(value: AnyValue): value is AnyValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}
