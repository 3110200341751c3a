// Bytes → the collector's answer, over the protocol that is configured.

import { internalLog } from '../internal-logger.ts'
import type { DeliveryOutcome } from './delivery-queue.ts'
import type { OtlpConfiguration } from './otlp-configuration.ts'
import { createGrpcSender } from './otlp-grpc.ts'
import { createHttpSender } from './otlp-http.ts'
import type { LogsEncoding } from './otlp-record.ts'

export interface OtlpSender {
  /** @param body an ExportLogsServiceRequest. Never rejects. */
  send(body: Buffer): Promise<DeliveryOutcome>
  close(): void
}

/** Reads the body of an answer that says success, which may be a partial one. */
export type ReadAnswer = (body: Uint8Array) => DeliveryOutcome

/** What a timer can wait at most. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** @throws Error that names the package to install. */
export async function createOtlpSender(configuration: OtlpConfiguration, encoding: LogsEncoding): Promise<OtlpSender> {
  const readAnswer = (body: Uint8Array) => outcomeOf(body, encoding)
  const sender =
    configuration.protocol === 'grpc'
      ? await createGrpcSender(configuration, readAnswer)
      : createHttpSender(configuration, encoding.contentType, readAnswer)
  return {
    send: async (body) => withUsableDelay(await sender.send(body)),
    close: () => sender.close(),
  }
}

/** A delay of nothing is none: the next attempt then waits for a back-off, not for a collector that says "at once". */
function withUsableDelay(outcome: DeliveryOutcome): DeliveryOutcome {
  if (outcome.kind !== 'retry' || outcome.afterMs === undefined) return outcome
  const { afterMs, ...rest } = outcome
  return afterMs > 0 ? { ...rest, afterMs: Math.min(afterMs, MAX_DELAY_MS) } : rest
}

function outcomeOf(body: Uint8Array, encoding: LogsEncoding): DeliveryOutcome {
  if (body.byteLength === 0) return { kind: 'accepted' }
  try {
    const { rejectedLogRecords = 0, errorMessage = '' } = encoding.readAnswer(body) ?? {}
    if (rejectedLogRecords > 0) return { kind: 'accepted', rejected: rejectedLogRecords, reason: errorMessage }
    // By the specification a message without rejected records is a warning.
    if (errorMessage !== '')
      internalLog('warn', 'collector-warning', `the collector accepts the records, but says: ${errorMessage}`)
  } catch {
    // The status said success, and that is what counts.
  }
  return { kind: 'accepted' }
}
