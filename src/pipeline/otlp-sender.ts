// Records → bytes → the collector's answer. The protobuf encoding is that of OTel's own transformer package.

import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { internalLog, reasonOf } from '../internal-logger.ts'
import type { DeliveryOutcome } from './delivery-queue.ts'
import { loadOptional } from './load.ts'
import type { OtlpConfiguration, OtlpProtocol } from './otlp-configuration.ts'
import { createGrpcSender } from './otlp-grpc.ts'
import { createHttpSender } from './otlp-http.ts'
import { encodeJson } from './otlp-json.ts'

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
interface TransformerPackage {
  readonly ProtobufLogsSerializer: {
    serializeRequest(records: readonly ReadableLogRecord[]): Uint8Array | undefined
    deserializeResponse(body: Uint8Array): Answer
  }
}

/** What a timer can wait at most. */
const MAX_DELAY_MS = 2 ** 31 - 1

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
      return withUsableDelay(await sender.send(body))
    },
    close: () => sender.close(),
  }
}

/** A delay of nothing is none: the next attempt then waits for a back-off, not for a collector that says "at once". */
function withUsableDelay(outcome: DeliveryOutcome): DeliveryOutcome {
  if (outcome.kind !== 'retry' || outcome.afterMs === undefined) return outcome
  const { afterMs, reason } = outcome
  return afterMs > 0 ? { kind: 'retry', afterMs: Math.min(afterMs, MAX_DELAY_MS), reason } : { kind: 'retry', reason }
}

async function encodingOf(protocol: OtlpProtocol): Promise<LogsEncoding> {
  if (protocol === 'http/json') {
    return {
      contentType: 'application/json',
      encode: encodeJson,
      readAnswer: (body) => outcomeOfAnswer(body, (bytes) => JSON.parse(Buffer.from(bytes).toString()) as Answer),
    }
  }
  const { ProtobufLogsSerializer: serializer } = await loadOptional<TransformerPackage>(
    '@opentelemetry/otlp-transformer',
  )
  return {
    contentType: 'application/x-protobuf',
    encode: (records) => serializer.serializeRequest(records) ?? new Uint8Array(),
    readAnswer: (body) => outcomeOfAnswer(body, (bytes) => serializer.deserializeResponse(bytes)),
  }
}

function outcomeOfAnswer(body: Uint8Array, parse: (body: Uint8Array) => Answer): DeliveryOutcome {
  if (body.byteLength === 0) return { kind: 'accepted' }
  try {
    const { partialSuccess } = parse(body)
    const rejected = Number(partialSuccess?.rejectedLogRecords ?? 0)
    const reason = partialSuccess?.errorMessage ?? ''
    if (rejected > 0) return { kind: 'accepted', rejected, reason }
    // By the specification a message without rejected records is a warning.
    if (reason !== '')
      internalLog('warn', 'collector-warning', `the collector accepts the records, but says: ${reason}`)
  } catch {
    // The status said success, and that is what counts.
  }
  return { kind: 'accepted' }
}
