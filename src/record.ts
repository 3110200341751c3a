// What an adapter reads from its logger → what the bridge hands to a Logger: facts of the right type, clean values.

import { type Context, context as contextApi, ROOT_CONTEXT } from '@opentelemetry/api'
import { type AnyValue, type AnyValueMap, RecordCleaner, readProperty } from './attributes.ts'
import { addException, type ExceptionFacts } from './exception.ts'
import { internalLog } from './internal-logger.ts'
import type { RecordLimits } from './limits.ts'
import type { LogRecord } from './provider.ts'
import { type HrTime, hrTimeOf } from './time.ts'
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

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
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

/** Reads the record, and so may run code of the app: accessors, `toJSON`. */
export function cleanRecord(
  source: SourceRecord,
  severityNumber: number,
  context: Context,
  observed: HrTime,
  limits: RecordLimits,
): LogRecord {
  const { body, attributes, droppedAttributesCount } = cleanValues(source, limits)
  const recordContext = takeTraceFields(attributes, context)
  const eventName = textOf(source.eventName) ?? takeEventName(attributes)
  return {
    timestamp: hrTimeOf(source.timestamp) ?? observed,
    observedTimestamp: observed,
    severityNumber: source.severityNumber === undefined ? severityNumber : severityOf(source.severityNumber),
    severityText: textOf(source.severityText),
    body,
    attributes,
    eventName,
    context: recordContext,
    droppedAttributesCount,
  } as LogRecord
}

/** Reads the event name that OTel's JSON mapping keeps in an attribute. */
function takeEventName(attributes: AnyValueMap): string | undefined {
  const eventName = attributes['otel.event.name']
  if (typeof eventName !== 'string') return undefined
  delete attributes['otel.event.name']
  return eventName
}

/** Body and attributes, the exception among them, within the limits. */
export function cleanValues(
  source: { readonly body?: unknown; readonly attributes?: object | undefined; readonly exception?: unknown },
  limits: RecordLimits,
): { body: AnyValue | undefined; attributes: AnyValueMap; droppedAttributesCount: number } {
  const cleaner = new RecordCleaner(limits)
  const body = cleaner.clean(source.body)
  const attributes: AnyValueMap = {}
  if (source.exception != null) addException(attributes, source.exception, cleaner)
  const droppedAttributesCount = source.attributes == null ? 0 : cleaner.addAttributes(attributes, source.attributes)
  if (droppedAttributesCount > 0) {
    const limit = limits.attributeCount
    const dropped = `${droppedAttributesCount} attributes of a record were dropped`
    internalLog('warn', 'attribute-limit', `${dropped}: the limit is ${limit}`)
  }
  return { body, attributes, droppedAttributesCount }
}
