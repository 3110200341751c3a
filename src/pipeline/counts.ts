// What a pipeline of ours counts, in the terms of OpenTelemetry's conventions for an SDK's own metrics
// (https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/), wherever its queue is: here or in a thread.

import type { DropReason } from '../stats.ts'

/** Records by `error.type`; under {@link SUCCESS} those that had none. */
export type CountByErrorType = Record<string, number>

/** Each record is once in `processed`, and once more in `exported` where it was processed without an error. */
export interface PipelineCounts {
  /** Passed to the exporter, or dropped before that. */
  readonly processed: CountByErrorType
  /** Accepted or not, for good. */
  readonly exported: CountByErrorType
  /** Exports that failed and are made again: not records. */
  readonly retried: CountByErrorType
}

export const SUCCESS = ''
/** The conventions' own. */
export const QUEUE_FULL = 'queue_full'
export const ALREADY_SHUTDOWN = 'already_shutdown'
export const REJECTED = 'rejected'
export const TIMEOUT = 'timeout'
export const OTHER = '_OTHER'
/** Not delivered when the pipeline was closed. */
export const SHUTDOWN = 'shutdown'
/** With the export thread when it died, or given to it since. */
export const THREAD_LOST = 'thread_lost'

/** Of a queue, at one moment. */
export interface QueueNumbers {
  readonly counts: PipelineCounts
  /** Records that wait to be exported. */
  readonly waiting: number
  /** Records that are under way, or wait to be tried again. */
  readonly inflight: number
  /** Bytes of both. */
  readonly bytes: number
  /** What it holds at most; absent where the queue is not ours. */
  readonly maxBytes?: number
  readonly maxRecords?: number
}

/** Of one export, with all its attempts. */
export interface ExportDuration {
  readonly seconds: number
  /** {@link SUCCESS} where the collector has taken all of it. */
  readonly errorType: string
}

/** What an `onDrop` is told of records that a pipeline has dropped. */
export function dropReasonOf(errorType: string): DropReason {
  if (errorType === QUEUE_FULL) return 'overflow'
  return errorType === ALREADY_SHUTDOWN || errorType === 'disabled' ? 'disabled' : 'failed'
}

export function createCounts(): PipelineCounts {
  return { processed: {}, exported: {}, retried: {} }
}

export function count(counts: CountByErrorType, errorType: string, number: number): void {
  if (number > 0) counts[errorType] = (counts[errorType] ?? 0) + number
}

/** Calls `add` with what has come to each count since `before`. */
export function growth(
  now: CountByErrorType,
  before: CountByErrorType | undefined,
  add: (errorType: string, number: number) => void,
): void {
  for (const [errorType, number] of Object.entries(now)) {
    const more = number - (before?.[errorType] ?? 0)
    if (more > 0) add(errorType, more)
  }
}

/** The system's name for what went wrong, else the error's own; of those that a metric can have as an attribute. */
export function errorTypeOf(error: unknown): string {
  try {
    const { code, name } = error as { code?: unknown; name?: unknown }
    for (const type of [code, name]) {
      if (typeof type === 'string' && type !== 'Error' && /^[A-Za-z]\w{0,63}$/.test(type)) return type
    }
  } catch {
    // It says nothing.
  }
  return OTHER
}
