// The collector of the demo: an OTLP/HTTP endpoint for logs, JSON encoding, that keeps what it is sent.

import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

/** A log record as it came over the wire. */
export interface ReceivedRecord {
  /** The instrumentation scope's name. */
  readonly scope: string
  readonly severity: string
  readonly body: unknown
  readonly attributes: Readonly<Record<string, unknown>>
  /** Hexadecimal; empty where the record has none. */
  readonly traceId: string
  readonly spanId: string
}

export interface Receiver {
  /** What `OTEL_EXPORTER_OTLP_ENDPOINT` must be. */
  readonly endpoint: string
  readonly records: readonly ReceivedRecord[]
  close(): void
}

export async function startReceiver(): Promise<Receiver> {
  const records: ReceivedRecord[] = []
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST' || request.url !== '/v1/logs') {
      response.writeHead(404).end()
      return
    }
    try {
      records.push(...recordsOf(await bodyOf(request)))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    } catch (error) {
      response.writeHead(400, { 'content-type': 'text/plain' }).end(String(error))
    }
  })
  const port = await listen(server)
  return {
    endpoint: `http://127.0.0.1:${port}`,
    records,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** @returns the port that the system chose. */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

/** The parts of OTLP's ExportLogsServiceRequest that are looked at. */
interface LogsRequest {
  resourceLogs?: { scopeLogs?: { scope?: { name?: string }; logRecords?: WireRecord[] }[] }[]
}
interface WireRecord {
  severityText?: string
  body?: WireValue
  attributes?: KeyValue[]
  traceId?: string
  spanId?: string
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
}

async function bodyOf(request: IncomingMessage): Promise<LogsRequest> {
  const body = await buffer(request)
  const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
  return JSON.parse(plain.toString()) as LogsRequest
}

function recordsOf({ resourceLogs = [] }: LogsRequest): ReceivedRecord[] {
  return resourceLogs
    .flatMap(({ scopeLogs = [] }) => scopeLogs)
    .flatMap(({ scope, logRecords = [] }) => logRecords.map((record) => recordOf(scope?.name ?? '', record)))
}

function recordOf(scope: string, record: WireRecord): ReceivedRecord {
  return {
    scope,
    severity: record.severityText ?? '',
    body: plainOf(record.body),
    attributes: attributesOf(record.attributes),
    traceId: record.traceId ?? '',
    spanId: record.spanId ?? '',
  }
}

function attributesOf(entries: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(entries.map(({ key, value }) => [key, plainOf(value)]))
}

function plainOf(value: WireValue = {}): unknown {
  if (value.intValue !== undefined) return Number(value.intValue)
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plainOf)
  if (value.kvlistValue !== undefined) return attributesOf(value.kvlistValue.values)
  return value.stringValue ?? value.boolValue ?? value.doubleValue
}
