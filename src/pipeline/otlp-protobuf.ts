// OTLP's protobuf encoding of log records
// (https://github.com/open-telemetry/opentelemetry-proto: opentelemetry/proto/logs/v1/logs.proto).

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
  type Scope,
  spanContextOf,
} from './otlp-record.ts'
import { delimitedFields, int64Field, ProtobufWriter } from './protobuf.ts'

const EXPORT_REQUEST = { resourceLogs: 1 }
const RESOURCE_LOGS = { resource: 1, scopeLogs: 2 }
const RESOURCE = { attributes: 1 }
const SCOPE_LOGS = { scope: 1, logRecords: 2, schemaUrl: 3 }
const SCOPE = { name: 1, version: 2 }
export const LOG_RECORD = {
  timeUnixNano: 1,
  severityNumber: 2,
  severityText: 3,
  body: 5,
  attributes: 6,
  droppedAttributesCount: 7,
  flags: 8,
  traceId: 9,
  spanId: 10,
  observedTimeUnixNano: 11,
  eventName: 12,
}
export const KEY_VALUE = { key: 1, value: 2 }
export const ANY_VALUE = { string: 1, bool: 2, int: 3, double: 4, array: 5, kvlist: 6, bytes: 7 }
/** Of ArrayValue and of KeyValueList. */
export const VALUES = 1
const EXPORT_RESPONSE = { partialSuccess: 1 }
const PARTIAL_SUCCESS = { rejectedLogRecords: 1, errorMessage: 2 }

/** Of a request, besides its records: close enough that it is seldom moved. */
const FRAME_BYTES = 1024

const TWO_16 = 2 ** 16
const TWO_32 = 2 ** 32

export function createProtobufEncoding(): LogsEncoding {
  const writer = new ProtobufWriter()
  return {
    contentType: 'application/x-protobuf',
    encodeRecord(record, scope) {
      try {
        writeRecord(writer, record)
        return finishRecord(writer, scope)
      } finally {
        writer.abandon()
      }
    },
    joinRecords,
    readAnswer,
  }
}

/** Makes what was written a field of ScopeLogs. */
export function finishRecord(writer: ProtobufWriter, scope: Scope): EncodedRecord {
  writer.delimit(SCOPE_LOGS.logRecords, 0)
  const record = { scope, bytes: writer.chunk, start: writer.start, end: writer.end }
  writer.next()
  return record
}

/** Written from the end to the start, as the writer does it. */
function joinRecords(resource: Resource, records: readonly EncodedRecord[]): Buffer {
  const writer = new ProtobufWriter(records.reduce((total, { start, end }) => total + end - start, FRAME_BYTES))
  for (const [scope, ofScope] of [...groupByScope(records)].reverse()) {
    const mark = writer.length
    if (scope.schemaUrl !== undefined) writer.text(SCOPE_LOGS.schemaUrl, scope.schemaUrl)
    for (let i = ofScope.length - 1; i >= 0; i--) {
      const { bytes, start, end } = ofScope[i] as EncodedRecord
      writer.encoded(bytes, start, end)
    }
    writeScope(writer, scope)
    writer.delimit(RESOURCE_LOGS.scopeLogs, mark)
  }
  const mark = writer.length
  writeKeyValues(writer, RESOURCE.attributes, resource)
  writer.delimit(RESOURCE_LOGS.resource, mark)
  writer.delimit(EXPORT_REQUEST.resourceLogs, 0)
  return writer.finish()
}

function writeScope(writer: ProtobufWriter, { name, version }: Scope): void {
  const mark = writer.length
  if (version !== undefined) writer.text(SCOPE.version, version)
  writer.text(SCOPE.name, name)
  writer.delimit(SCOPE_LOGS.scope, mark)
}

function writeRecord(writer: ProtobufWriter, record: LogRecord): void {
  const { severityText, body, eventName, severityNumber, droppedAttributesCount = 0 } = record
  const span = spanContextOf(record)
  if (eventName !== undefined) writer.text(LOG_RECORD.eventName, eventName)
  writeTime(writer, LOG_RECORD.observedTimeUnixNano, record.observedTimestamp)
  if (span !== undefined) {
    writer.hex(LOG_RECORD.spanId, span.spanId)
    writer.hex(LOG_RECORD.traceId, span.traceId)
    writer.fixed32(LOG_RECORD.flags, span.traceFlags)
  }
  if (droppedAttributesCount > 0) writer.uint(LOG_RECORD.droppedAttributesCount, droppedAttributesCount)
  writeKeyValues(writer, LOG_RECORD.attributes, record.attributes)
  if (body !== undefined) writeAnyValue(writer, LOG_RECORD.body, body)
  if (severityText !== undefined) writer.text(LOG_RECORD.severityText, severityText)
  if (severityNumber > 0) writer.uint(LOG_RECORD.severityNumber, severityNumber)
  writeTime(writer, LOG_RECORD.timeUnixNano, record.timestamp)
}

/** seconds × 10⁹ + nanoseconds has 64 bits, and a number 53: multiplied in two parts. A remainder would be slower. */
export function writeTime(writer: ProtobufWriter, field: number, [seconds, nanoseconds]: HrTime): void {
  const upperSeconds = Math.floor(seconds / TWO_16)
  const upperPart = upperSeconds * 1e9
  const upper = Math.floor(upperPart / TWO_16)
  const lowerPart = (seconds - upperSeconds * TWO_16) * 1e9 + nanoseconds + (upperPart - upper * TWO_16) * TWO_16
  const carry = Math.floor(lowerPart / TWO_32)
  writer.fixed64(field, upper + carry, lowerPart - carry * TWO_32)
}

function writeKeyValues(writer: ProtobufWriter, field: number, map: Readonly<AnyValueMap>): void {
  const keys = Object.keys(map)
  for (let i = keys.length - 1; i >= 0; i--) {
    const key = keys[i] as string
    const mark = writer.length
    writeAnyValue(writer, KEY_VALUE.value, map[key] as AnyValue)
    writer.text(KEY_VALUE.key, key)
    writer.delimit(field, mark)
  }
}

function writeAnyValue(writer: ProtobufWriter, field: number, value: AnyValue): void {
  const mark = writer.length
  if (typeof value === 'string') writer.text(ANY_VALUE.string, value)
  else if (typeof value === 'boolean') writer.uint(ANY_VALUE.bool, value ? 1 : 0)
  else if (typeof value === 'bigint') writer.int64(ANY_VALUE.int, value)
  else if (typeof value === 'number') writeNumber(writer, value)
  else if (value instanceof Uint8Array) writer.bytes(ANY_VALUE.bytes, value)
  else if (value !== null) writeNested(writer, value)
  writer.delimit(field, mark)
}

export function writeNumber(writer: ProtobufWriter, value: number): void {
  if (isInt64(value)) writer.int64(ANY_VALUE.int, value)
  else writer.double(ANY_VALUE.double, value)
}

function writeNested(writer: ProtobufWriter, value: AnyValue[] | AnyValueMap): void {
  const mark = writer.length
  if (!Array.isArray(value)) {
    writeKeyValues(writer, VALUES, value)
    writer.delimit(ANY_VALUE.kvlist, mark)
    return
  }
  for (let i = value.length - 1; i >= 0; i--) writeAnyValue(writer, VALUES, value[i] as AnyValue)
  writer.delimit(ANY_VALUE.array, mark)
}

function readAnswer(body: Uint8Array): PartialSuccess | undefined {
  const [answer] = delimitedFields(body, EXPORT_RESPONSE.partialSuccess)
  if (answer === undefined) return undefined
  const [message] = delimitedFields(answer, PARTIAL_SUCCESS.errorMessage)
  return {
    rejectedLogRecords: int64Field(answer, PARTIAL_SUCCESS.rejectedLogRecords),
    errorMessage: message === undefined ? '' : Buffer.from(message).toString(),
  }
}
