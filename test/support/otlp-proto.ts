// OTLP as its protobuf definitions have it: what came over the wire is decoded with these and nothing of ours, so that
// both sides cannot be wrong in the same way.

import { join } from 'node:path'
import protobuf from 'protobufjs'

/**
 * Messages that one may stand in: protobufjs takes 100, as those of Java, C++ and Rust do, the Collector 10 000. A map is
 * three of them.
 */
export function allowNesting(messages: number): void {
  protobuf.util.recursionLimit = messages
  protobuf.Reader.recursionLimit = messages
}
allowNesting(10_000)

const FOLDER = join(import.meta.dirname, '../fixtures/proto')
const root = new protobuf.Root()
// protobufjs has google/protobuf/ built in.
root.resolvePath = (_origin, target) => (target.startsWith('google/protobuf/') ? target : join(FOLDER, target))
root.loadSync(['opentelemetry/proto/collector/logs/v1/logs_service.proto', 'google/rpc/status.proto'])
root.resolveAll()

const COLLECTOR = 'opentelemetry.proto.collector.logs.v1'
const requestType = root.lookupType(`${COLLECTOR}.ExportLogsServiceRequest`)
const responseType = root.lookupType(`${COLLECTOR}.ExportLogsServiceResponse`)

/** `/package.Service/Method`, as gRPC has it. */
export const EXPORT_PATH = `/${COLLECTOR}.${root.lookupService(`${COLLECTOR}.LogsService`).name}/Export`

/** An int64 is a bigint here, a double a number, an empty AnyValue null. */
export type WireValue = string | boolean | bigint | number | null | Uint8Array | WireValue[] | WireMap
export interface WireMap {
  [key: string]: WireValue
}

/** A log record with its resource and scope, as they came over the wire. */
export interface WireRecord {
  readonly resource: WireMap
  readonly scope: { readonly name: string; readonly version: string; readonly schemaUrl: string }
  /** Nanoseconds since the Unix epoch. */
  readonly time: bigint
  readonly observedTime: bigint
  readonly severityNumber: number
  readonly severityText: string
  readonly body: WireValue
  readonly attributes: WireMap
  readonly droppedAttributesCount: number
  readonly flags: number
  /** Hexadecimal. */
  readonly traceId: string
  readonly spanId: string
  readonly eventName: string
}

export interface PartialSuccess {
  readonly rejectedLogRecords?: number
  readonly errorMessage?: string
}

export function decodeProtobuf(bytes: Uint8Array): WireRecord[] {
  return recordsOf(requestType.decode(bytes) as unknown as RequestMessage)
}

/** Protobuf's JSON mapping, but for the ids, which OTLP writes in hexadecimal. */
export function decodeJson(bytes: Uint8Array): WireRecord[] {
  const message = JSON.parse(Buffer.from(bytes).toString(), (key, value: unknown) =>
    key === 'traceId' || key === 'spanId' ? Buffer.from(value as string, 'hex') : value,
  ) as Record<string, unknown>
  return recordsOf(requestType.fromObject(message) as unknown as RequestMessage)
}

export function encodeAnswer(partialSuccess?: PartialSuccess): Uint8Array {
  return responseType.encode(responseType.fromObject(partialSuccess === undefined ? {} : { partialSuccess })).finish()
}

/** google.rpc.Status with a RetryInfo in it, as `grpc-status-details-bin` carries it. */
export function encodeRetryInfo(code: number, delay: { seconds: number; nanos: number }): Buffer {
  const retryInfo = root.lookupType('google.rpc.RetryInfo')
  const status = root.lookupType('google.rpc.Status')
  const value = retryInfo.encode(retryInfo.fromObject({ retryDelay: delay })).finish()
  const details = [
    { type_url: 'type.googleapis.com/google.rpc.Help', value: Buffer.from('not for us') },
    { type_url: 'type.googleapis.com/google.rpc.RetryInfo', value },
  ]
  return Buffer.from(status.encode(status.create({ code, message: 'slow down', details })).finish())
}

interface Int64 {
  toString(): string
}
interface AnyValueMessage {
  readonly value?:
    | 'stringValue'
    | 'boolValue'
    | 'intValue'
    | 'doubleValue'
    | 'arrayValue'
    | 'kvlistValue'
    | 'bytesValue'
  readonly stringValue: string
  readonly boolValue: boolean
  readonly intValue: Int64
  readonly doubleValue: number
  readonly arrayValue: { readonly values: readonly AnyValueMessage[] }
  readonly kvlistValue: { readonly values: readonly KeyValueMessage[] }
  readonly bytesValue: Uint8Array
}
interface KeyValueMessage {
  readonly key: string
  readonly value: AnyValueMessage | null
}
interface RequestMessage {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly KeyValueMessage[] } | null
    readonly scopeLogs: readonly {
      readonly scope: { readonly name: string; readonly version: string } | null
      readonly schemaUrl: string
      readonly logRecords: readonly {
        readonly timeUnixNano: Int64
        readonly observedTimeUnixNano: Int64
        readonly severityNumber: number
        readonly severityText: string
        readonly body: AnyValueMessage | null
        readonly attributes: readonly KeyValueMessage[]
        readonly droppedAttributesCount: number
        readonly flags: number
        readonly traceId: Uint8Array
        readonly spanId: Uint8Array
        readonly eventName: string
      }[]
    }[]
  }[]
}

function recordsOf({ resourceLogs }: RequestMessage): WireRecord[] {
  return resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ scope, schemaUrl, logRecords }) =>
      logRecords.map((record) => ({
        resource: mapOf(resource?.attributes ?? []),
        scope: { name: scope?.name ?? '', version: scope?.version ?? '', schemaUrl },
        time: BigInt(record.timeUnixNano.toString()),
        observedTime: BigInt(record.observedTimeUnixNano.toString()),
        severityNumber: record.severityNumber,
        severityText: record.severityText,
        body: wireValue(record.body),
        attributes: mapOf(record.attributes),
        droppedAttributesCount: record.droppedAttributesCount,
        flags: record.flags,
        traceId: Buffer.from(record.traceId).toString('hex'),
        spanId: Buffer.from(record.spanId).toString('hex'),
        eventName: record.eventName,
      })),
    ),
  )
}

function mapOf(entries: readonly KeyValueMessage[]): WireMap {
  const map = Object.fromEntries(entries.map(({ key, value }) => [key, wireValue(value)]))
  if (Object.keys(map).length !== entries.length) throw new Error('a key has come twice')
  return map
}

function wireValue(message: AnyValueMessage | null): WireValue {
  if (message?.value === undefined) return null
  switch (message.value) {
    case 'arrayValue':
      return message.arrayValue.values.map(wireValue)
    case 'kvlistValue':
      return mapOf(message.kvlistValue.values)
    case 'intValue':
      return BigInt(message.intValue.toString())
    case 'bytesValue':
      return new Uint8Array(message.bytesValue)
    default:
      return message[message.value]
  }
}
