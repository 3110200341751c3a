// Trace context as fields of a record: the names that OTel's own log correlation injects, and that a line carries to
// another thread (https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/).

import { type Context, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api'
import type { AnyValueMap } from './attributes.ts'

export interface TraceFields {
  trace_id: string
  span_id: string
  /** Two hexadecimal digits. */
  trace_flags: string
}

/** The fields for the span of `context`; undefined where there is none. */
export function traceFieldsOf(context: Context): TraceFields | undefined {
  const span = trace.getSpanContext(context)
  if (span === undefined || !isSpanContextValid(span)) return undefined
  return { trace_id: span.traceId, span_id: span.spanId, trace_flags: span.traceFlags.toString(16).padStart(2, '0') }
}

/**
 * The Context of a record with these attributes. Where no span is active the fields say which it was; where they name
 * the active one they repeat it. Either way they are taken out; fields that name another trace are data and stay.
 */
export function takeTraceFields(attributes: AnyValueMap, context: Context): Context {
  const { trace_id: traceId, span_id: spanId } = attributes
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return context
  const active = trace.getSpanContext(context)
  if (active === undefined || !isSpanContextValid(active)) {
    const named: SpanContext = { traceId, spanId, traceFlags: flagsOf(attributes.trace_flags), isRemote: true }
    if (!isSpanContextValid(named)) return context
    dropTraceFields(attributes)
    return trace.setSpanContext(context, named)
  }
  if (active.traceId === traceId && active.spanId === spanId) dropTraceFields(attributes)
  return context
}

function dropTraceFields(attributes: AnyValueMap): void {
  // The reverse of the order in which they are added: the engine undoes that cheaply.
  delete attributes.trace_flags
  delete attributes.span_id
  delete attributes.trace_id
}

function flagsOf(value: unknown): number {
  const flags = typeof value === 'string' ? Number.parseInt(value, 16) : value
  return typeof flags === 'number' && Number.isInteger(flags) ? flags & 0xff : 0
}
