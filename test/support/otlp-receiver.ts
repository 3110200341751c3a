// A collector for tests: a real OTLP/HTTP endpoint on a port of the system's choice, that keeps what it is sent and can
// be told to misbehave.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

/** A log record as it came over the wire. */
export interface ReceivedRecord {
  readonly body: unknown
  readonly attributes: Readonly<Record<string, unknown>>
  /** Hexadecimal; empty where the record has none. */
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
  readonly severityNumber: number
  readonly severityText: string
  /** Nanoseconds since the Unix epoch. */
  readonly time: bigint
  readonly eventName: string
  readonly scopeName: string
  readonly scopeVersion: string
  readonly resource: Readonly<Record<string, unknown>>
}

export interface OtlpRequest {
  readonly path: string
  readonly contentType: string
  /** Unzipped. */
  readonly body: Buffer
}

/** Answers a request in place of the receiver, which then keeps nothing of it. */
export type Misbehaviour = (request: OtlpRequest, response: ServerResponse) => void

export interface OtlpReceiver {
  readonly endpoint: string
  /** Environment variables that send an exporter here, as JSON. */
  readonly env: Readonly<Record<string, string>>
  /** All requests, those that were answered by a misbehaviour too. */
  readonly requests: readonly OtlpRequest[]
  /** The records of JSON requests; those of protobuf stay raw, in `requests`. */
  readonly records: readonly ReceivedRecord[]
  misbehaviour: Misbehaviour | undefined
  /** Resolves once `condition` holds, checked on every request; rejects after `ms` with what has come until then. */
  until(condition: () => boolean, ms?: number): Promise<void>
  /** The records, once there are `count`. */
  received(count: number, ms?: number): Promise<readonly ReceivedRecord[]>
  close(): Promise<void>
}

const DEADLINE_MS = 15_000

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const requests: OtlpRequest[] = []
  const records: ReceivedRecord[] = []
  const waiting = new Set<() => void>()
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await requestOf(incoming)
    requests.push(request)
    if (receiver.misbehaviour !== undefined) {
      receiver.misbehaviour(request, response)
    } else if (request.path !== '/v1/logs') {
      response.writeHead(404).end()
    } else {
      const json = request.contentType === 'application/json'
      if (json) records.push(...recordsOf(JSON.parse(request.body.toString()) as LogsRequest))
      response.writeHead(200, { 'content-type': request.contentType }).end(json ? '{}' : undefined)
    }
    for (const check of waiting) check()
  }

  const receiver: OtlpReceiver = {
    endpoint,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    requests,
    records,
    misbehaviour: undefined,
    until(condition, ms = DEADLINE_MS) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (!condition()) return
          settle()
          resolve()
        }
        const timer = setTimeout(() => {
          settle()
          const bodies = records.slice(0, 20).map(({ body }) => body)
          reject(
            new Error(
              `after ${ms} ms: ${requests.length} requests, ${records.length} records ${JSON.stringify(bodies)}`,
            ),
          )
        }, ms)
        const settle = () => {
          clearTimeout(timer)
          waiting.delete(check)
        }
        waiting.add(check)
        check()
      })
    },
    async received(count, ms) {
      await receiver.until(() => records.length >= count, ms)
      return records
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}

async function requestOf(incoming: IncomingMessage): Promise<OtlpRequest> {
  const bytes = await buffer(incoming)
  return {
    path: incoming.url ?? '',
    contentType: incoming.headers['content-type'] ?? '',
    body: incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes,
  }
}

/** The parts of OTLP's ExportLogsServiceRequest that are looked at, in its JSON encoding. */
interface LogsRequest {
  resourceLogs?: {
    resource?: { attributes?: KeyValue[] }
    scopeLogs?: { scope?: { name?: string; version?: string }; logRecords?: WireRecord[] }[]
  }[]
}
interface WireRecord {
  timeUnixNano?: string
  severityNumber?: number
  severityText?: string
  body?: WireValue
  attributes?: KeyValue[]
  traceId?: string
  spanId?: string
  flags?: number
  eventName?: string
}
interface KeyValue {
  key: string
  value?: WireValue
}
interface WireValue {
  stringValue?: string
  boolValue?: boolean
  intValue?: number | string
  doubleValue?: number
  arrayValue?: { values?: WireValue[] }
  kvlistValue?: { values?: KeyValue[] }
  bytesValue?: string
}

function recordsOf({ resourceLogs = [] }: LogsRequest): ReceivedRecord[] {
  return resourceLogs.flatMap(({ resource, scopeLogs = [] }) =>
    scopeLogs.flatMap(({ scope, logRecords = [] }) =>
      logRecords.map((record) => ({
        body: fromWire(record.body),
        attributes: objectOf(record.attributes),
        traceId: record.traceId ?? '',
        spanId: record.spanId ?? '',
        flags: record.flags ?? 0,
        severityNumber: record.severityNumber ?? 0,
        severityText: record.severityText ?? '',
        time: BigInt(record.timeUnixNano ?? 0),
        eventName: record.eventName ?? '',
        scopeName: scope?.name ?? '',
        scopeVersion: scope?.version ?? '',
        resource: objectOf(resource?.attributes),
      })),
    ),
  )
}

function objectOf(entries: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(entries.map(({ key, value }) => [key, fromWire(value)]))
}

function fromWire(value: WireValue | undefined): unknown {
  if (value === undefined) return undefined
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(fromWire)
  if (value.kvlistValue !== undefined) return objectOf(value.kvlistValue.values)
  if (value.intValue !== undefined) return Number(value.intValue)
  if (value.bytesValue !== undefined) return Buffer.from(value.bytesValue, 'base64')
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? null
}
