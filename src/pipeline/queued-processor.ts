// A LogRecordProcessor whose records wait in a queue that is bounded in bytes and says what it loses. What sends them is
// given: an exporter of the app's, or the OTLP of our own.

import onExit from 'on-exit-leak-free'
import { FLUSH_DEADLINE_MS } from '../deadline.ts'
import { internalLog, reasonOf } from '../internal-logger.ts'
import { aCount, aLimit, argumentError, type OptionChecks } from '../options.ts'
import { runExport } from '../suppression.ts'
import { type DeliveryOutcome, DeliveryQueue, type DeliveryResult } from './delivery-queue.ts'

/** Options of the queue; those with a variable of OTel's default to it. */
export interface QueueOptions {
  /** Approximate bytes of all records that wait. Default 64 MiB. */
  readonly maxQueueBytes?: number
  /** Records that wait. Default: `OTEL_BLRP_MAX_QUEUE_SIZE`, else no limit but that in bytes. */
  readonly maxQueueSize?: number
  /** Records of one export. Default: `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`, else 512. */
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

/** ReadableLogRecord of both SDK generations, as far as it is read or made here. */
export interface QueuedRecord {
  readonly hrTime: [number, number]
  readonly hrTimeObserved: [number, number]
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: unknown
  readonly eventName?: string
  readonly attributes: object
  readonly droppedAttributesCount: number
  readonly instrumentationScope: { readonly name: string }
  readonly resource: { readonly asyncAttributesPending?: boolean; waitForAsyncAttributes?(): Promise<void> }
}

const MEBIBYTE = 1024 * 1024
/** What a record costs besides its values. */
const RECORD_BYTES = 256
const ENTRY_BYTES = 16

export class QueuedLogRecordProcessor {
  readonly #queue: DeliveryQueue<QueuedRecord>
  readonly #laneOfScope = new Map<string, number>()
  #lastRecord: QueuedRecord | undefined
  #closing: Promise<DeliveryResult> | undefined
  #isClosed = false
  #added = 0
  /** Records added when the event loop had run empty and a last flush had failed. */
  #abandonedAt = -1

  /** @throws TypeError for a wrong environment variable. */
  constructor(
    deliver: (batch: readonly QueuedRecord[]) => Promise<DeliveryOutcome>,
    options: QueueOptions,
    lanes: number,
  ) {
    this.#queue = new DeliveryQueue<QueuedRecord>({
      deliver: async (batch) => {
        try {
          await waitForResource(batch)
          return await runExport(() => deliver(batch))
        } catch (error) {
          return { kind: 'retry', reason: reasonOf(error) }
        }
      },
      onLoss: (kind, records, reason) => internalLog('error', kind, `${recordsOf(records)} dropped: ${reason}`),
      onRetry: (records, reason, delay) =>
        internalLog(
          'warn',
          'retry',
          `${recordsOf(records)} not accepted, next attempt in ${Math.round(delay)} ms: ${reason}`,
        ),
      onRecovery: (lost) => this.#tellOfLoss(lost),
      maxBytes: options.maxQueueBytes ?? 64 * MEBIBYTE,
      maxRecords: options.maxQueueSize ?? variable('OTEL_BLRP_MAX_QUEUE_SIZE', aLimit) ?? Number.POSITIVE_INFINITY,
      maxBatchRecords: options.maxExportBatchSize ?? variable('OTEL_BLRP_MAX_EXPORT_BATCH_SIZE', aLimit) ?? 512,
      maxBatchBytes: options.maxExportBatchBytes ?? 4 * MEBIBYTE,
      delayMs: options.scheduledDelayMillis ?? variable('OTEL_BLRP_SCHEDULE_DELAY', aCount) ?? 1000,
      lanes,
      overflow: options.overflow ?? 'drop-newest',
    })
  }

  onEmit(record: QueuedRecord): void {
    if (this.#closing !== undefined) {
      internalLog('error', 'closed', '1 record dropped: its processor was shut down before')
      return
    }
    if (this.#lastRecord === undefined) {
      onExit.registerBeforeExit(this, (processor) => void processor.#flushBeforeExit())
      onExit.register(this, tellOfUndelivered)
    }
    this.#lastRecord = record
    this.#added++
    this.#queue.add(record, sizeOf(record), this.#laneOf(record.instrumentationScope.name))
  }

  /** Sends what waits. @returns when it is settled or `deadlineMs` (default 8000) is over. Never rejects. */
  flush(deadlineMs = FLUSH_DEADLINE_MS): Promise<DeliveryResult> {
    return this.#queue.flush(deadlineMs)
  }

  /** Flushes, then takes no more records. Idempotent, never rejects; what is undelivered then is reported and lost. */
  close(deadlineMs = FLUSH_DEADLINE_MS): Promise<DeliveryResult> {
    this.#closing ??= this.flush(deadlineMs).then((result) => {
      this.#isClosed = true
      this.#queue.close()
      onExit.unregister(this)
      tellOfUndelivered(this)
      return result
    })
    return this.#closing
  }

  async forceFlush(): Promise<void> {
    await this.flush()
  }

  async shutdown(): Promise<void> {
    await this.close()
  }

  /** Records since the start. */
  result(): DeliveryResult {
    return this.#queue.result()
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

  /** One log record says where the others have gone, for whoever looks only at the backend. */
  #tellOfLoss(lost: number): void {
    const last = this.#lastRecord
    if (last === undefined || this.#isClosed) return
    const time = last.hrTimeObserved
    const record: QueuedRecord = {
      hrTime: time,
      hrTimeObserved: time,
      severityNumber: 13,
      severityText: 'warn',
      body: `${recordsOf(lost)} dropped: the queue was full while the collector did not accept any`,
      attributes: { 'otel.log_bridge.dropped': lost },
      droppedAttributesCount: 0,
      instrumentationScope: { name: 'otel-log-bridge' },
      resource: last.resource,
    }
    this.#queue.add(record, RECORD_BYTES, this.#laneOf('otel-log-bridge'))
  }
}

function tellOfUndelivered(processor: QueuedLogRecordProcessor): void {
  const { undelivered } = processor.result()
  if (undelivered > 0) internalLog('error', 'undelivered', `${recordsOf(undelivered)} undelivered at the end`)
}

function recordsOf(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}

/** @returns undefined where the variable is not set. @throws TypeError */
function variable(name: string, check: (value: unknown) => string | undefined): number | undefined {
  const text = process.env[name]?.trim()
  if (text === undefined || text === '') return undefined
  const expected = check(Number(text))
  if (expected !== undefined) throw argumentError(name, expected, text)
  return Number(text)
}

async function waitForResource(batch: readonly QueuedRecord[]): Promise<void> {
  const resource = batch[0]?.resource
  if (resource?.asyncAttributesPending === true) await resource.waitForAsyncAttributes?.()
}

/** Close to what the record takes on the wire; exact enough to bound memory. */
function sizeOf({ body, attributes }: QueuedRecord): number {
  return RECORD_BYTES + bytesOf(body) + bytesOf(attributes)
}

function bytesOf(value: unknown): number {
  if (typeof value === 'string') return ENTRY_BYTES + value.length
  if (typeof value !== 'object' || value === null) return ENTRY_BYTES
  if (value instanceof Uint8Array) return ENTRY_BYTES + value.byteLength
  let bytes = ENTRY_BYTES
  if (Array.isArray(value)) {
    for (const entry of value) bytes += bytesOf(entry)
    return bytes
  }
  for (const key in value) bytes += key.length + bytesOf((value as Record<string, unknown>)[key])
  return bytes
}
