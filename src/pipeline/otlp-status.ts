// What an answer that is no success means for a batch
// (https://opentelemetry.io/docs/specs/otlp/#failures, https://opentelemetry.io/docs/specs/otlp/#failures-1).

import type { DeliveryOutcome } from './delivery-queue.ts'

type Statuses = Readonly<Record<'retryable' | 'divisible', ReadonlySet<number>>>

/** Bad Request, Content Too Large and Unprocessable Content may speak of one record of the batch. */
const HTTP: Statuses = { retryable: new Set([429, 502, 503, 504]), divisible: new Set([400, 413, 422]) }

/**
 * CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS, and RESOURCE_EXHAUSTED: without RetryInfo
 * it is no promise, but dropping what a busy collector may take is worse. INVALID_ARGUMENT may speak of one record, and
 * INTERNAL too: so servers answer what they cannot decode, because it is nested too deep for them.
 */
const GRPC: Statuses = { retryable: new Set([1, 4, 8, 10, 11, 14, 15]), divisible: new Set([3, 13]) }

/** The names of gRPC's codes, in their order. */
const GRPC_CODES =
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'.split(
    ' ',
  )

export function outcomeOfHttp(status: number, reason: string, afterMs?: number): DeliveryOutcome {
  return outcomeOf(HTTP, status, String(status), reason, afterMs)
}

export function outcomeOfGrpc(code: number, reason: string, afterMs?: number): DeliveryOutcome {
  return outcomeOf(GRPC, code, GRPC_CODES[code] ?? String(code), reason, afterMs)
}

function outcomeOf(
  { retryable, divisible }: Statuses,
  status: number,
  errorType: string,
  reason: string,
  afterMs: number | undefined,
): DeliveryOutcome {
  if (retryable.has(status)) return { kind: 'retry', afterMs, reason, errorType }
  return { kind: 'refused', divisible: divisible.has(status), reason, errorType }
}
