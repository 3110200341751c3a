// What OTLP says of a log record, before any encoding of it, and the two encodings' common ground.

import { isSpanContextValid, trace } from '@opentelemetry/api'
import type { LogRecord } from '../provider.ts'

/** Attributes of what the records are about: a service, mostly. */
export type Resource = Readonly<Record<string, string | number | boolean>>

export interface Scope {
  readonly name: string
  readonly version?: string | undefined
  readonly schemaUrl?: string | undefined
}

/** A record that is encoded, and the scope that it goes under. A Buffer of its own would be larger than most. */
export interface EncodedRecord {
  readonly scope: Scope
  /** Memory that it may share with others. */
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** Of the bodies of OTLP requests. Records are encoded as they come: what waits is what will be sent. */
export interface LogsEncoding {
  readonly contentType: string
  /** @throws where it cannot be encoded. */
  encodeRecord(record: LogRecord, scope: Scope): EncodedRecord
  /** An ExportLogsServiceRequest. */
  joinRecords(resource: Resource, records: readonly EncodedRecord[]): Buffer
  /** @returns undefined where the answer says no more than success. @throws where it cannot be read. */
  readAnswer(body: Uint8Array): PartialSuccess | undefined
}

/** Of an ExportLogsServiceResponse. */
export interface PartialSuccess {
  readonly rejectedLogRecords: number
  readonly errorMessage: string
}

const MAX_INT64 = 2 ** 63

/** What is sent as an integer: -0 would lose its sign, and what is beyond 64 bits its value. */
export function isInt64(value: number): boolean {
  return Number.isInteger(value) && value >= -MAX_INT64 && value < MAX_INT64 && !Object.is(value, -0)
}

export function spanContextOf(record: LogRecord): { traceId: string; spanId: string; traceFlags: number } | undefined {
  const span = trace.getSpanContext(record.context)
  return span !== undefined && isSpanContextValid(span) ? span : undefined
}

/** Records that follow each other in the same scope stay together, and all of them in order. */
export function groupByScope(records: readonly EncodedRecord[]): Map<Scope, EncodedRecord[]> {
  const groups = new Map<Scope, EncodedRecord[]>()
  for (const record of records) {
    const group = groups.get(record.scope)
    if (group === undefined) groups.set(record.scope, [record])
    else group.push(record)
  }
  return groups
}
