// OTLP's JSON encoding of log records. OTel's own writes NaN and the infinities as null, -0 as 0, and whole numbers
// beyond 64 bits, or beyond the precision of a double, as integers that no receiver can read or that differ
// (https://protobuf.dev/programming-guides/json/, https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).

import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'

type Resource = ReadableLogRecord['resource']
type Scope = ReadableLogRecord['instrumentationScope']

const MAX_INT64 = 2 ** 63

/** ExportLogsServiceRequest. */
export function encodeJson(records: readonly ReadableLogRecord[]): Uint8Array {
  const resourceLogs = [...groupBy(records, (record) => record.resource)].map(([resource, ofResource]) => ({
    resource: { attributes: keyValues(resource.attributes) },
    schemaUrl: schemaUrlOf(resource),
    scopeLogs: [...groupBy(ofResource, (record) => record.instrumentationScope)].map(([scope, logRecords]) => ({
      scope: { name: scope.name, version: scope.version },
      schemaUrl: schemaUrlOf(scope),
      logRecords: logRecords.map(logRecord),
    })),
  }))
  return Buffer.from(JSON.stringify({ resourceLogs }))
}

function groupBy<K>(records: readonly ReadableLogRecord[], keyOf: (record: ReadableLogRecord) => K) {
  const groups = new Map<K, ReadableLogRecord[]>()
  for (const record of records) {
    const key = keyOf(record)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [record])
    else group.push(record)
  }
  return groups
}

/** Resources have one only in newer SDKs. */
function schemaUrlOf(owner: Resource | Scope): string | undefined {
  return (owner as { schemaUrl?: string }).schemaUrl
}

function logRecord(record: ReadableLogRecord): object {
  const { spanContext, body } = record
  return {
    timeUnixNano: nanos(record.hrTime),
    observedTimeUnixNano: nanos(record.hrTimeObserved),
    severityNumber: record.severityNumber,
    severityText: record.severityText,
    body: body === undefined ? undefined : anyValue(body),
    attributes: keyValues(record.attributes),
    droppedAttributesCount: record.droppedAttributesCount,
    flags: spanContext?.traceFlags,
    traceId: spanContext?.traceId,
    spanId: spanContext?.spanId,
    eventName: record.eventName,
  }
}

function nanos([seconds, nanoseconds]: readonly [number, number]): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds))
}

function keyValues(map: object): object[] {
  return Object.entries(map).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'number') return number(value)
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value !== 'object' || value === null) return {}
  if (value instanceof Uint8Array) {
    return { bytesValue: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
  }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { kvlistValue: { values: keyValues(value) } }
}

function number(value: number): object {
  if (Object.is(value, -0)) return { doubleValue: '-0' }
  if (Number.isSafeInteger(value)) return { intValue: value }
  // The digits of a double end where it is told from its neighbours: BigInt has them all.
  if (Number.isInteger(value) && value >= -MAX_INT64 && value < MAX_INT64) return { intValue: String(BigInt(value)) }
  return { doubleValue: Number.isFinite(value) ? value : String(value) }
}
