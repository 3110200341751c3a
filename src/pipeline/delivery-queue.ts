// What waits for the collector: bounded in bytes, delivered in batches, retried for as long as it is kept, and each
// record accounted for. It knows nothing of OTLP or exporters: those are behind `deliver`.

import { settlesWithin } from '../deadline.ts'
import {
  count,
  createCounts,
  type ExportDuration,
  OTHER,
  type PipelineCounts,
  QUEUE_FULL,
  type QueueNumbers,
  SHUTDOWN,
  SUCCESS,
} from './counts.ts'
import { Lane } from './lane.ts'

/** What came of the delivery of a batch. */
export type DeliveryOutcome =
  /** The collector has it, less the records that it says it rejected. */
  | { readonly kind: 'accepted'; readonly rejected?: number; readonly reason?: string }
  /** It may be accepted later. */
  | {
      readonly kind: 'retry'
      readonly afterMs?: number | undefined
      readonly reason: string
      /** As an attribute of metrics: few values. */
      readonly errorType?: string
    }
  /** It never will be; `divisible` where one record of the batch may be the cause. */
  | { readonly kind: 'refused'; readonly divisible: boolean; readonly reason: string; readonly errorType?: string }

export type LossKind = 'overflow' | 'rejected'

export interface DeliveryQueueOptions<T> {
  /** Sends a batch. Must not reject; is called for the next batch of a lane only when the last one is settled. */
  readonly deliver: (batch: readonly T[]) => Promise<DeliveryOutcome>
  /** Told of every loss and of every failed attempt. */
  readonly onLoss: (kind: LossKind, records: number, reason: string) => void
  readonly onRetry: (records: number, reason: string, delayMs: number) => void
  /** Told of every loss too, by its `error.type`, when it is counted. */
  readonly onDropped?: (errorType: string, records: number) => void
  /** Told when records have been settled. */
  readonly onSettled?: () => void
  /** Told of every export, with all its attempts. A batch that is divided is exported once as a whole, and once for each part. */
  readonly onExported?: ((duration: ExportDuration) => void) | undefined
  /** What is counted is added here. */
  readonly counts?: PipelineCounts | undefined
  /** Told whenever no record waits or is under way any more. */
  readonly onEmpty: () => void
  /** Bytes of all records that wait or are under way. */
  readonly maxBytes: number
  readonly maxRecords: number
  /** Records of a batch, and bytes where a single record is not larger. */
  readonly maxBatchRecords: number
  readonly maxBatchBytes: number
  /** A batch that is not full is sent after this time. */
  readonly delayMs: number
  /** Batches under way at once; records of one logger stay in order, in one lane. */
  readonly lanes: number
  readonly overflow: 'drop-newest' | 'drop-oldest'
}

/** Records since the queue was made. delivered + dropped + undelivered is all that was added. */
export interface DeliveryResult {
  readonly delivered: number
  /** Lost to a full queue, or rejected by the collector. */
  readonly dropped: number
  /** Still in the queue or under way. */
  readonly undelivered: number
}

export class DeliveryQueue<T> {
  readonly #options: DeliveryQueueOptions<T>
  readonly #lanes: Lane<T>[] = []
  #bytes = 0
  #records = 0
  #delivered = 0
  #dropped = 0
  readonly #counts: PipelineCounts
  #isClosed = false

  constructor(options: DeliveryQueueOptions<T>) {
    this.#options = options
    this.#counts = options.counts ?? createCounts()
    for (let i = 0; i < options.lanes; i++) {
      this.#lanes.push(
        new Lane({
          ...options,
          onTaken: (records) => {
            if (!this.#isClosed) count(this.#counts.processed, SUCCESS, records)
          },
          onRetry: (records, { reason, errorType = OTHER }, delayMs) => {
            count(this.#counts.retried, errorType, 1)
            options.onRetry(records, reason, delayMs)
          },
          onSettled: (records, bytes, errorType, reason) => this.#settle(records, bytes, errorType, reason),
        }),
      )
    }
  }

  /** @param lane any number; the same for records that must stay in order. */
  add(record: T, bytes: number, lane: number): void {
    const { maxBytes, maxRecords, overflow } = this.#options
    const isFull = () => this.#bytes + bytes > maxBytes || this.#records >= maxRecords
    if (overflow === 'drop-oldest' && bytes <= maxBytes) while (isFull() && this.#dropOldest());
    if (isFull()) {
      this.#overflow()
      return
    }
    this.#bytes += bytes
    this.#records++
    const target = this.#lanes[lane % this.#lanes.length] as Lane<T>
    target.add(record, bytes)
  }

  /** Of what waits or is under way. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether a batch is under way, or waits to be tried again. */
  get isSending(): boolean {
    return this.#lanes.some((lane) => lane.isSending)
  }

  numbers(): QueueNumbers {
    const { maxBytes, maxRecords } = this.#options
    const waiting = this.#waiting
    const open = this.#isClosed
      ? { waiting: 0, inflight: 0, bytes: 0 }
      : { waiting, inflight: this.#records - waiting, bytes: this.#bytes }
    return { counts: this.#counts, ...open, maxBytes, maxRecords }
  }

  result(): DeliveryResult {
    return { delivered: this.#delivered, dropped: this.#dropped, undelivered: this.#records }
  }

  /** Sends at once what waits. @returns when it is settled, or `deadlineMs` is over. Never rejects. */
  async flush(deadlineMs: number): Promise<DeliveryResult> {
    if (this.#isClosed) return this.result()
    await settlesWithin(deadlineMs, Promise.all(this.#lanes.map((lane) => lane.drain())))
    return this.result()
  }

  /** Lets go of everything: no timer is left, what is under way is not waited for, and counts as lost. */
  close(): void {
    if (this.#isClosed) return
    this.#drop('processed', SHUTDOWN, this.#waiting)
    this.#drop('exported', SHUTDOWN, this.#records - this.#waiting)
    this.#isClosed = true
    for (const lane of this.#lanes) lane.close()
  }

  get #waiting(): number {
    return this.#lanes.reduce((records, lane) => records + lane.waiting, 0)
  }

  #settle(records: number, bytes: number, errorType: string, reason: string): void {
    this.#records -= records
    this.#bytes -= bytes
    if (errorType === SUCCESS) {
      this.#delivered += records
      if (!this.#isClosed) count(this.#counts.exported, SUCCESS, records)
    } else {
      this.#dropped += records
      if (!this.#isClosed) this.#drop('exported', errorType, records)
      this.#options.onLoss('rejected', records, reason)
    }
    this.#options.onSettled?.()
    if (this.#records === 0) this.#options.onEmpty()
  }

  #drop(counted: 'processed' | 'exported', errorType: string, records: number): void {
    if (records === 0) return
    count(this.#counts[counted], errorType, records)
    this.#options.onDropped?.(errorType, records)
  }

  #dropOldest(): boolean {
    const longest = this.#lanes.reduce((a, b) => (b.waiting > a.waiting ? b : a))
    const bytes = longest.dropOldest()
    if (bytes === undefined) return false
    this.#records--
    this.#bytes -= bytes
    this.#overflow()
    return true
  }

  #overflow(): void {
    this.#dropped++
    this.#drop('processed', QUEUE_FULL, 1)
    const { maxBytes, maxRecords } = this.#options
    const size = this.#records + 1 >= maxRecords ? `${maxRecords} records` : `${maxBytes} bytes`
    this.#options.onLoss('overflow', 1, `the queue of ${size} is full`)
  }
}
