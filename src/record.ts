// What an adapter reads from its logger → what the bridge hands to a Logger: facts of the right type, clean values.

import { type Context, context as contextApi, ROOT_CONTEXT } from '@opentelemetry/api'
import { type AnyValue, type AnyValueMap, RecordCleaner, readProperty, textOf } from './attributes.ts'
import type { Callers } from './call-site.ts'
import { addException, type ExceptionFacts } from './exception.ts'
import { internalLog } from './internal-logger.ts'
import type { RecordLimits } from './limits.ts'
import { copyPlain, isPlainText, takeParsed } from './plain.ts'
import type { LogRecord } from './provider.ts'
import { hrTimeOf, hrTimeOfMillis } from './time.ts'
import { takeTraceFields } from './trace-fields.ts'

/** A record as an adapter reads it from its logger. Any value may be anything: the bridge cleans it. */
export interface SourceRecord {
  /** Severity number of OTel's data model, 1 to 24. Default 0: unspecified. */
  readonly severityNumber?: number
  readonly severityText?: string | undefined
  /** When it was logged: a Date, epoch number or string, ISO 8601 text, or HrTime. Default: now. */
  readonly timestamp?: unknown
  readonly body?: unknown
  /** Own enumerable properties become attributes. */
  readonly attributes?: object | undefined
  /** Whether the rest of the record tells what `attributes` has under this key: it is left out. */
  readonly isTold?: ((key: string) => boolean) | undefined
  /** Becomes the `exception.*` attributes: an Error, or facts that were already read from one. */
  readonly exception?: Error | ExceptionFacts | undefined
  readonly eventName?: string | undefined
  /** Becomes the instrumentation scope. */
  readonly loggerName?: string | undefined
  /** Default: the active Context. */
  readonly context?: Context
}

// An adapter of somebody's may hand over anything.

export function severityOf(value: unknown): number {
  return typeof value === 'number' && value >= 1 && value <= 24 ? Math.trunc(value) : 0
}

/** What of a record decides whether it is read at all. */
export interface Facts {
  readonly severityNumber: number
  readonly loggerName: string | undefined
  readonly context: Context
}
export const NO_FACTS: Facts = { severityNumber: 0, loggerName: undefined, context: ROOT_CONTEXT }

export function factsOf({ severityNumber, loggerName, context }: Partial<SourceRecord>): Facts {
  return {
    severityNumber: severityOf(severityNumber),
    loggerName: textOf(loggerName),
    context: isContext(context) ? context : contextApi.active(),
  }
}

function isContext(value: unknown): value is Context {
  return typeof value === 'object' && value !== null && typeof readProperty(value, 'getValue') === 'function'
}

/**
 * Reads the record, and so may run code of the app: accessors, `toJSON`.
 *
 * @param added attributes that it gets besides its own.
 */
export function cleanRecord(
  source: ReadRecord,
  severityNumber: number,
  context: Context,
  observedMillis: number,
  limits: RecordLimits,
  takesBigInt: boolean,
  added?: object,
): LogRecord {
  const isClean = source.isPlain === true
  const values = isClean ? source : cleanValues(source, limits, takesBigInt)
  const { severityText, body, attributes, eventName, isPlain } = values
  const { timestamp } = source
  const observed = hrTimeOfMillis(observedMillis)
  const ownSeverity = isClean ? undefined : source.severityNumber
  const record = {
    timestamp: timestamp === observedMillis ? observed : (hrTimeOf(timestamp) ?? observed),
    observedTimestamp: observed,
    severityNumber: ownSeverity === undefined ? severityNumber : severityOf(ownSeverity),
    severityText,
    body,
    attributes,
    context: takeTraceFields(attributes, context),
  } as Mutable<LogRecord>
  // SDKs copy the record key by key: what it has not costs nothing.
  const event = eventName ?? takeEventName(attributes)
  if (event !== undefined) record.eventName = event
  // Behind what is taken from the attributes: what is added names no span and no event.
  const dropped = values.droppedAttributesCount + (added === undefined ? 0 : addBesides(attributes, added, limits))
  if (dropped > 0) {
    record.droppedAttributesCount = dropped
    if (values.droppedAttributesCount === 0) tellOfDropped(dropped)
  }
  if (takesBigInt) record.isPlain = isPlain
  return record
}

/** An eighth of a record is room for it, whatever its own values take. */
function addBesides(attributes: AnyValueMap, added: object, limits: RecordLimits): number {
  const cleaner = new RecordCleaner({ ...limits, recordBytes: limits.recordBytes / 8 })
  return cleaner.addAttributes(attributes, added, (key) => Object.hasOwn(attributes, key))
}

function tellOfDropped(attributes: number): void {
  internalLog('warn', 'attribute-limit', `${attributes} attributes of a record were dropped by its limits`)
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads the event name that OTel's JSON mapping keeps in an attribute. */
function takeEventName(attributes: AnyValueMap): string | undefined {
  const eventName = attributes['otel.event.name']
  if (typeof eventName !== 'string') return undefined
  delete attributes['otel.event.name']
  return eventName
}

/** What of a record is cleaned, as it was given. */
export type GivenValues = Pick<GivenRecord, 'isTold' | 'isPlain' | 'isParsed'> & {
  readonly [K in 'severityText' | 'body' | 'attributes' | 'exception' | 'eventName']?: unknown
}

/** What of a record is cleaned, within its limits. */
export interface CleanValues {
  readonly severityText: string | undefined
  readonly body: AnyValue | undefined
  /** The exception's among them. */
  readonly attributes: AnyValueMap
  readonly droppedAttributesCount: number
  readonly eventName: string | undefined
  /** Whether they are values of JSON's own alone. */
  readonly isPlain: boolean
}

/** What an adapter tells of the call that a record was logged by. */
interface CallFacts {
  /** For `code`: functions by which the app may have called its logger. */
  readonly callers?: Callers | undefined
  /** Attributes that the place of the call has added already. */
  readonly added?: object | undefined
}

/** A record that needs no cleaning, as an adapter can tell. */
export interface CleanRecord extends CleanValues, CallFacts {
  readonly timestamp: unknown
  readonly isPlain: true
}

/** A record that may need cleaning. */
export type GivenRecord = SourceRecord &
  CallFacts & {
    /** False where it is known to need it. */
    readonly isPlain?: false | undefined
    /** Whether JSON.parse has made the attributes, for this record alone. Default false. */
    readonly isParsed?: boolean
  }

export type ReadRecord = CleanRecord | GivenRecord

export function cleanValues(given: GivenValues, limits: RecordLimits, takesBigInt: boolean): CleanValues {
  return plainValues(given, limits) ?? cleanedValues(given, new RecordCleaner(limits, takesBigInt))
}

/** @returns undefined where something has to be cleaned. */
function plainValues(given: GivenValues, limits: RecordLimits): CleanValues | undefined {
  const { severityText, body, exception, eventName } = given
  if (given.isPlain === false || exception != null || !isPlainText(body, limits)) return undefined
  if (!isPlainText(severityText, limits) || !isPlainText(eventName, limits)) return undefined
  const attributes: AnyValueMap = {}
  if (given.attributes != null) {
    const take = given.isParsed === true ? takeParsed : copyPlain
    if (!take(attributes, given.attributes, limits, limits.attributeCount, given.isTold)) return undefined
  }
  return { severityText, body, attributes, droppedAttributesCount: 0, eventName, isPlain: true }
}

function cleanedValues(given: GivenValues, cleaner: RecordCleaner): CleanValues {
  const { body, exception } = given
  const attributes: AnyValueMap = {}
  if (exception != null) addException(attributes, exception, cleaner)
  const severityText = cleanText(given.severityText, cleaner)
  const cleanBody = exception != null && body === exception ? attributes['exception.message'] : cleaner.clean(body)
  const eventName = cleanText(given.eventName, cleaner)
  const droppedAttributesCount =
    given.attributes == null ? 0 : cleaner.addAttributes(attributes, given.attributes, given.isTold)
  if (droppedAttributesCount > 0) tellOfDropped(droppedAttributesCount)
  if (exception != null) dropToldStack(attributes)
  return { severityText, body: cleanBody, attributes, droppedAttributesCount, eventName, isPlain: false }
}

function cleanText(value: unknown, cleaner: RecordCleaner): string | undefined {
  return typeof value === 'string' ? (cleaner.clean(value) as string) : undefined
}

/** winston copies the stack of an error onto the info. */
function dropToldStack(attributes: AnyValueMap): void {
  const { stack, 'exception.stacktrace': stackTrace } = attributes
  if (typeof stack === 'string' && typeof stackTrace === 'string' && stackTrace.startsWith(stack)) {
    delete attributes.stack
  }
}
