// The queue as OTel's variables configure it, and its voice: what it loses, and why, goes to the internal logger, and in
// one log record to the backend. What the records are is known to who made it.

import { FLUSH_DEADLINE_MS } from '../deadline.ts'
import { numberFromEnvironment } from '../environment.ts'
import { internalLog, reasonOf } from '../internal-logger.ts'
import { aCount, aLimit, type OptionChecks } from '../options.ts'
import { runExport } from '../suppression.ts'
import { withAdvice } from './advice.ts'
import { forget, hearOfExit } from './at-exit.ts'
import { ALREADY_SHUTDOWN, count, errorTypeOf, type QueueNumbers } from './counts.ts'
import {
  type DeliveryOutcome,
  DeliveryQueue,
  type DeliveryQueueOptions,
  type DeliveryResult,
} from './delivery-queue.ts'
import { holdTermination, releaseTermination, type Unsent } from './termination.ts'

/** Options of the queue; those with a variable of OTel's default to it. */
export interface QueueOptions {
  /** Approximate bytes of all records that wait. Default 64 MiB. */
  readonly maxQueueBytes?: number
  /** Records that wait. Default: `OTEL_BLRP_MAX_QUEUE_SIZE`, else no limit but that in bytes. */
  readonly maxQueueSize?: number
  /** Records of one export. Default: `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`, else 2048. */
  readonly maxExportBatchSize?: number
  /** Approximate bytes of one export. Default 4 MiB: what OTLP receivers take at most, by default. */
  readonly maxExportBatchBytes?: number
  /** A batch that is not full is sent after this time, in ms. Default: `OTEL_BLRP_SCHEDULE_DELAY`, else 1000. */
  readonly scheduledDelayMillis?: number
  /** What a full queue drops. Default `drop-newest`. */
  readonly overflow?: 'drop-newest' | 'drop-oldest'
}

export const queueOptionChecks: OptionChecks<QueueOptions> = {
  maxQueueBytes: aLimit,
  maxQueueSize: aLimit,
  maxExportBatchSize: aLimit,
  maxExportBatchBytes: aLimit,
  scheduledDelayMillis: aCount,
  overflow: (value) =>
    value === 'drop-newest' || value === 'drop-oldest' ? undefined : "'drop-newest' or 'drop-oldest'",
}

export interface RecordQueueSettings<T>
  extends Pick<DeliveryQueueOptions<T>, 'onDropped' | 'onSettled' | 'onExported' | 'counts'> {
  /** Sends a batch, suppressed. */
  readonly deliver: (batch: readonly T[]) => Promise<DeliveryOutcome>
  /** The record that goes out with the next batch once others were lost. */
  readonly createLossRecord: (loss: LossRecord, like: T) => T
  /** Batches under way at once. */
  readonly lanes: number
}

/** The instrumentation scope of the record that tells of a loss. */
export const LOSS_SCOPE = 'otel-log-bridge'

/** One log record says where the others have gone, for whoever looks only at the backend. */
export interface LossRecord {
  readonly severityNumber: number
  readonly severityText: string
  readonly body: string
  readonly attributes: Readonly<Record<string, number>>
}

const MEBIBYTE = 1024 * 1024
/** Four times OTel's default: records of one logger go out one batch at a time, and the way there and back takes its time. */
const DEFAULT_BATCH_RECORDS = 2048
/** A few batches. */
const ENOUGH_BYTES = 2 * MEBIBYTE

export class RecordQueue<T> {
  readonly #settings: RecordQueueSettings<T>
  readonly #maxBytes: number
  readonly #queue: DeliveryQueue<T>
  readonly #laneOfScope = new Map<string, number>()
  /** Lost to a full queue, and no record that was accepted has told it. */
  #untold = 0
  readonly #unsent: Unsent = { flush: () => this.flush(), endAtExit: () => tellOfUndelivered(this) }
  #atExit: ReturnType<typeof hearOfExit> | undefined
  #closing: Promise<DeliveryResult> | undefined
  #added = 0
  /** Records added when the event loop had run empty and a last flush had failed. */
  #abandonedAt = -1

  constructor(settings: RecordQueueSettings<T>, options: QueueOptions) {
    this.#settings = settings
    this.#maxBytes = options.maxQueueBytes ?? 64 * MEBIBYTE
    this.#queue = new DeliveryQueue<T>({
      ...settings,
      deliver: (batch) => this.#deliver(batch),
      onLoss: (kind, records, reason) => {
        if (kind === 'overflow') this.#untold += records
        internalLog('error', kind, `${recordsOf(records)} dropped: ${withAdvice(reason)}`)
      },
      onRetry: (records, reason, delay) =>
        internalLog(
          'warn',
          'retry',
          `${recordsOf(records)} not accepted, next attempt in ${Math.round(delay)} ms: ${withAdvice(reason)}`,
        ),
      onEmpty: () => releaseTermination(this.#unsent),
      maxBytes: this.#maxBytes,
      maxRecords:
        options.maxQueueSize ?? numberFromEnvironment(['OTEL_BLRP_MAX_QUEUE_SIZE'], aLimit) ?? Number.POSITIVE_INFINITY,
      maxBatchRecords:
        options.maxExportBatchSize ??
        numberFromEnvironment(['OTEL_BLRP_MAX_EXPORT_BATCH_SIZE'], aLimit) ??
        DEFAULT_BATCH_RECORDS,
      maxBatchBytes: options.maxExportBatchBytes ?? 4 * MEBIBYTE,
      delayMs: options.scheduledDelayMillis ?? numberFromEnvironment(['OTEL_BLRP_SCHEDULE_DELAY'], aCount) ?? 1000,
      overflow: options.overflow ?? 'drop-newest',
    })
  }

  /** @param scopeName of its logger, whose records stay in order. */
  add(record: T, bytes: number, scopeName: string): void {
    if (this.#closing !== undefined) {
      count(this.#queue.numbers().counts.processed, ALREADY_SHUTDOWN, 1)
      this.#settings.onDropped?.(ALREADY_SHUTDOWN, 1)
      internalLog('error', 'closed', '1 record dropped: its processor was shut down before')
      return
    }
    this.#atExit ??= hearOfExit(this)
    this.#added++
    this.#queue.add(record, bytes, this.#laneOf(scopeName))
    if (this.#queue.bytes > 0) holdTermination(this.#unsent)
  }

  /** Sends what waits. @returns when it is settled or `deadlineMs` (default 8000) is over. Never rejects. */
  flush(deadlineMs = FLUSH_DEADLINE_MS): Promise<DeliveryResult> {
    return this.#queue.flush(deadlineMs)
  }

  /** Flushes, then takes no more records. Idempotent, never rejects; what is undelivered then is reported and lost. */
  close(deadlineMs = FLUSH_DEADLINE_MS): Promise<DeliveryResult> {
    this.#closing ??= this.flush(deadlineMs).then((result) => {
      this.#queue.close()
      if (this.#atExit !== undefined) forget(this.#atExit)
      releaseTermination(this.#unsent)
      tellOfUndelivered(this)
      return result
    })
    return this.#closing
  }

  /** Records since the start. */
  result(): DeliveryResult {
    return this.#queue.result()
  }

  numbers(): QueueNumbers {
    return this.#queue.numbers()
  }

  /** False while enough waits to keep the exporter busy: what has not been added is better kept as it is. */
  hasRoom(): boolean {
    const { bytes, isSending } = this.#queue
    // A batch that is not full goes out late: where none is under way, more has to come.
    return bytes <= (isSending ? Math.min(this.#maxBytes / 2, ENOUGH_BYTES) : this.#maxBytes / 2)
  }

  beforeExit(): void {
    void this.#flushBeforeExit()
  }

  exit(): void {
    tellOfUndelivered(this)
  }

  /** Once: an exporter that waits for its answer keeps the process alive, and every new attempt would again. */
  async #flushBeforeExit(): Promise<void> {
    if (this.#abandonedAt === this.#added) return
    this.#abandonedAt = this.#added
    await this.flush()
  }

  /** Records of one logger take one lane, and so stay in order. */
  #laneOf(scopeName: string): number {
    let lane = this.#laneOfScope.get(scopeName)
    if (lane === undefined) {
      lane = this.#laneOfScope.size
      this.#laneOfScope.set(scopeName, lane)
    }
    return lane
  }

  /** Never rejects. A loss is told with a batch, and not as one of its records: those are counted. */
  async #deliver(batch: readonly T[]): Promise<DeliveryOutcome> {
    const told = this.#untold
    this.#untold = 0
    let isTold = false
    try {
      const sent = told === 0 ? batch : [...batch, this.#lossRecord(told, batch[0] as T)]
      const outcome = await runExport(() => this.#settings.deliver(sent))
      isTold = outcome.kind === 'accepted'
      return outcome
    } catch (error) {
      return { kind: 'retry', reason: reasonOf(error), errorType: errorTypeOf(error) }
    } finally {
      if (!isTold) this.#untold += told
    }
  }

  #lossRecord(lost: number, like: T): T {
    const loss = {
      severityNumber: 13,
      severityText: 'warn',
      body: `${recordsOf(lost)} dropped: the queue was full while the collector did not accept any`,
      attributes: { 'otel.log_bridge.dropped': lost },
    }
    return this.#settings.createLossRecord(loss, like)
  }
}

function tellOfUndelivered<T>(queue: RecordQueue<T>): void {
  const { undelivered } = queue.result()
  if (undelivered > 0) internalLog('error', 'undelivered', `${recordsOf(undelivered)} undelivered at the end`)
}

function recordsOf(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}
