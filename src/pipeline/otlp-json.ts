// OTLP's JSON encoding of log records. OTel's own writes NaN and the infinities as null, -0 as 0, and whole numbers
// beyond 64 bits, or beyond the precision of a double, as integers that no receiver can read or that differ
// (https://protobuf.dev/programming-guides/json/, https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).

import type { AnyValue, AnyValueMap } from '../attributes.ts'
import type { LogRecord } from '../provider.ts'
import type { HrTime } from '../time.ts'
import {
  type EncodedRecord,
  groupByScope,
  isInt64,
  type LogsEncoding,
  type PartialSuccess,
  type Resource,
  spanContextOf,
} from './otlp-record.ts'

interface Answer {
  readonly partialSuccess?: { readonly rejectedLogRecords?: number | string; readonly errorMessage?: string }
}

export const jsonEncoding: LogsEncoding = {
  contentType: 'application/json',
  encodeRecord(record, scope) {
    const bytes = Buffer.from(JSON.stringify(logRecord(record)))
    return { scope, bytes, start: 0, end: bytes.length }
  },
  joinRecords,
  readAnswer,
}

function joinRecords(resource: Resource, records: readonly EncodedRecord[]): Buffer {
  const resourceText = JSON.stringify({ attributes: keyValues(resource) })
  const parts: Buffer[] = [Buffer.from(`{"resourceLogs":[{"resource":${resourceText},"scopeLogs":[`)]
  let isFirst = true
  for (const [{ name, version, schemaUrl }, ofScope] of groupByScope(records)) {
    const scope = JSON.stringify({ scope: { name, version }, schemaUrl }).slice(0, -1)
    parts.push(Buffer.from(`${isFirst ? '' : ','}${scope},"logRecords":[`))
    isFirst = false
    for (const { bytes } of ofScope) parts.push(bytes, COMMA)
    parts[parts.length - 1] = END_OF_SCOPE
  }
  parts.push(END_OF_REQUEST)
  return Buffer.concat(parts)
}
const COMMA = Buffer.from(',')
const END_OF_SCOPE = Buffer.from(']}')
const END_OF_REQUEST = Buffer.from(']}]}')

function readAnswer(body: Uint8Array): PartialSuccess | undefined {
  const { partialSuccess } = JSON.parse(Buffer.from(body).toString()) as Answer
  if (partialSuccess === undefined) return undefined
  const { rejectedLogRecords = 0, errorMessage = '' } = partialSuccess
  return { rejectedLogRecords: Number(rejectedLogRecords), errorMessage }
}

function logRecord(record: LogRecord): object {
  const { body } = record
  const span = spanContextOf(record)
  return {
    timeUnixNano: nanos(record.timestamp),
    observedTimeUnixNano: nanos(record.observedTimestamp),
    severityNumber: record.severityNumber,
    severityText: record.severityText,
    body: body === undefined ? undefined : anyValue(body),
    attributes: keyValues(record.attributes),
    droppedAttributesCount: record.droppedAttributesCount,
    flags: span?.traceFlags,
    traceId: span?.traceId,
    spanId: span?.spanId,
    eventName: record.eventName,
  }
}

function nanos([seconds, nanoseconds]: HrTime): string {
  return seconds === 0 ? String(nanoseconds) : `${seconds}${String(nanoseconds).padStart(9, '0')}`
}

function keyValues(map: Readonly<AnyValueMap>): object[] {
  return Object.entries(map).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: AnyValue): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'number') return number(value)
  if (typeof value === 'bigint') return { intValue: String(value) }
  if (typeof value === 'boolean') return { boolValue: value }
  if (value === null) return {}
  if (value instanceof Uint8Array) {
    return { bytesValue: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
  }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { kvlistValue: { values: keyValues(value) } }
}

function number(value: number): object {
  // The digits of a double end where it is told from its neighbours: BigInt has them all.
  if (isInt64(value)) return { intValue: Number.isSafeInteger(value) ? value : String(BigInt(value)) }
  if (Object.is(value, -0)) return { doubleValue: '-0' }
  return { doubleValue: Number.isFinite(value) ? value : String(value) }
}
