// Records → bytes → the collector's answer. The encodings are those of OTel's own transformer package.

import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { reasonOf } from '../internal-logger.ts'
import type { DeliveryOutcome } from './delivery-queue.ts'
import { loadOptional } from './load.ts'
import type { OtlpConfiguration, OtlpProtocol } from './otlp-configuration.ts'
import { createGrpcSender } from './otlp-grpc.ts'
import { createHttpSender } from './otlp-http.ts'

export interface OtlpSender {
  /** Never rejects. */
  send(body: Uint8Array): Promise<DeliveryOutcome>
  close(): void
}

export interface LogsEncoding {
  readonly contentType: string
  /** @throws where a record cannot be encoded. */
  encode(records: readonly ReadableLogRecord[]): Uint8Array
  /** Reads the body of an answer that says success, which may be a partial one. */
  readAnswer(body: Uint8Array): DeliveryOutcome
}

interface Answer {
  readonly partialSuccess?: { readonly rejectedLogRecords?: number | string; readonly errorMessage?: string }
}
interface Serializer {
  serializeRequest(records: readonly ReadableLogRecord[]): Uint8Array | undefined
  deserializeResponse(body: Uint8Array): Answer
}
interface TransformerPackage {
  readonly ProtobufLogsSerializer: Serializer
  readonly JsonLogsSerializer: Serializer
}

export interface RecordSender {
  send(records: readonly ReadableLogRecord[]): Promise<DeliveryOutcome>
  close(): void
}

/** @throws Error that names the package to install. */
export async function createOtlpSender(configuration: OtlpConfiguration): Promise<RecordSender> {
  const encoding = await encodingOf(configuration.protocol)
  const create = configuration.protocol === 'grpc' ? createGrpcSender : createHttpSender
  const sender = await create(configuration, encoding)
  return {
    async send(records) {
      let body: Uint8Array
      try {
        body = encoding.encode(records)
      } catch (error) {
        return { kind: 'refused', divisible: true, reason: `a record could not be encoded: ${reasonOf(error)}` }
      }
      return sender.send(body)
    },
    close: () => sender.close(),
  }
}

async function encodingOf(protocol: OtlpProtocol): Promise<LogsEncoding> {
  const { JsonLogsSerializer, ProtobufLogsSerializer } = await loadOptional<TransformerPackage>(
    '@opentelemetry/otlp-transformer',
  )
  const serializer = protocol === 'http/json' ? JsonLogsSerializer : ProtobufLogsSerializer
  return {
    contentType: protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
    encode: (records) => serializer.serializeRequest(records) ?? new Uint8Array(),
    readAnswer: (body) => outcomeOfAnswer(body, serializer),
  }
}

function outcomeOfAnswer(body: Uint8Array, serializer: Serializer): DeliveryOutcome {
  if (body.byteLength === 0) return { kind: 'accepted' }
  try {
    const { partialSuccess } = serializer.deserializeResponse(body)
    const rejected = Number(partialSuccess?.rejectedLogRecords ?? 0)
    return rejected > 0
      ? { kind: 'accepted', rejected, reason: partialSuccess?.errorMessage ?? '' }
      : { kind: 'accepted' }
  } catch {
    // The status said success, and that is what counts.
    return { kind: 'accepted' }
  }
}
