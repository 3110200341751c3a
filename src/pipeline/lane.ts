// One batch at a time, in order: collecting, sending, waiting to try again, and cutting a refused batch in half until
// the record that caused it stands alone.

import { runInRoot } from '../scope.ts'
import { OTHER, REJECTED, SUCCESS } from './counts.ts'
import type { DeliveryOutcome, DeliveryQueueOptions } from './delivery-queue.ts'

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 10_000
/** While somebody waits for a flush, so that a collector that comes back is found within the deadline. */
const MAX_HURRIED_RETRY_MS = 500
const JITTER = 0.2
/** Records of a batch that are refused one after the other, each alone: what follows is no more cut in half. */
const MAX_REFUSED_ALONE = 16

interface LaneOptions<T>
  extends Pick<DeliveryQueueOptions<T>, 'deliver' | 'onExported' | 'maxBatchRecords' | 'maxBatchBytes' | 'delayMs'> {
  /** Told when a batch is taken of the records that wait. */
  readonly onTaken: (records: number) => void
  readonly onRetry: (records: number, outcome: Outcome<'retry'>, delayMs: number) => void
  /** Told when records have left the lane; rejected ones with the reason and an `error.type`. */
  readonly onSettled: (records: number, bytes: number, errorType: string, reason: string) => void
}

type Outcome<K> = Extract<DeliveryOutcome, { readonly kind: K }>

interface Batch<T> {
  readonly records: readonly T[]
  readonly bytes: readonly number[]
}

export class Lane<T> {
  readonly #options: LaneOptions<T>
  #records: T[] = []
  #sizes: number[] = []
  /** Read position in both arrays: cheaper than shifting them. */
  #head = 0
  #waitingBytes = 0
  /** Batches to send before anything else, first one first. */
  readonly #batches: Batch<T>[] = []
  #sending = false
  #closed = false
  /** Attempts at the current batch that failed. */
  #attempts = 0
  /** When the first of them began. */
  #startedAt = 0
  /** Records of the current batch that were refused alone, since one was accepted. */
  #refusedAlone = 0
  /** What a Retry-After asked for: a time in ms since the epoch. */
  #notBefore = 0
  #added = 0
  #left = 0
  readonly #drains: { readonly after: number; readonly resolve: () => void }[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(options: LaneOptions<T>) {
    this.#options = options
  }

  /** Records that no batch has taken yet. */
  get waiting(): number {
    return this.#records.length - this.#head
  }

  /** A batch is under way, or waits to be tried again. */
  get isSending(): boolean {
    return this.#sending || this.#attempts > 0
  }

  add(record: T, bytes: number): void {
    this.#records.push(record)
    this.#sizes.push(bytes)
    this.#waitingBytes += bytes
    this.#added++
    if (this.#sending || this.#attempts > 0) return
    if (this.#isBatchFull()) this.#send()
    else this.#timer ??= this.#wakeAfter(this.#options.delayMs)
  }

  /** @returns the bytes of the dropped record, undefined where every record is in a batch. */
  dropOldest(): number | undefined {
    if (this.waiting === 0) return undefined
    const bytes = this.#sizes[this.#head] as number
    this.#head++
    this.#waitingBytes -= bytes
    this.#forget()
    this.#leave(1)
    return bytes
  }

  /** Sends without delay, but for a Retry-After. @returns when all that was added before has left the lane. */
  drain(): Promise<void> {
    if (this.#left === this.#added) return Promise.resolve()
    return new Promise((resolve) => {
      this.#drains.push({ after: this.#added, resolve })
      if (!this.#sending && Date.now() >= this.#notBefore) this.#send()
    })
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #send(): void {
    // A record that is added while a batch is settled, by who is told of that, may have been first.
    if (this.#sending) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#batches[0] ?? this.#nextBatch()
    if (batch === undefined || this.#closed) return
    this.#sending = true
    if (this.#attempts === 0) this.#startedAt = performance.now()
    void this.#options.deliver(batch.records).then((outcome) => {
      this.#sending = false
      this.#take(batch, outcome)
    })
  }

  #take(batch: Batch<T>, outcome: DeliveryOutcome): void {
    // Nobody tries again, and the records were told as undelivered.
    if (this.#closed && outcome.kind === 'retry') return
    if (outcome.kind === 'retry') {
      this.#attempts++
      const delay = this.#retryDelay(outcome.afterMs)
      this.#notBefore = outcome.afterMs === undefined ? 0 : Date.now() + delay
      this.#options.onRetry(batch.records.length, outcome, delay)
      this.#timer = this.#wakeAfter(delay)
      return
    }
    this.#attempts = 0
    this.#batches.shift()
    this.#options.onExported?.({
      seconds: (performance.now() - this.#startedAt) / 1000,
      errorType: errorTypeOf(outcome),
    })
    if (outcome.kind === 'refused' && this.#isWorthDividing(batch, outcome)) this.#batches.unshift(...halves(batch))
    else this.#settle(batch, outcome)
    this.#goOn()
  }

  /** A collector that refuses whatever it is sent would be asked for each record. */
  #isWorthDividing({ records }: Batch<T>, { divisible }: { readonly divisible: boolean }): boolean {
    return divisible && records.length > 1 && this.#refusedAlone < MAX_REFUSED_ALONE
  }

  #settle(batch: Batch<T>, outcome: Exclude<DeliveryOutcome, { kind: 'retry' }>): void {
    if (outcome.kind === 'accepted') this.#refusedAlone = 0
    else if (batch.records.length === 1) this.#refusedAlone++
    const bytes = sum(batch.bytes)
    const { reason = '' } = outcome
    const rejected =
      outcome.kind === 'refused' ? batch.records.length : Math.min(outcome.rejected ?? 0, batch.records.length)
    const delivered = batch.records.length - rejected
    if (rejected > 0) this.#options.onSettled(rejected, delivered === 0 ? bytes : 0, errorTypeOf(outcome), reason)
    if (delivered > 0) this.#options.onSettled(delivered, bytes, SUCCESS, reason)
    this.#leave(batch.records.length)
  }

  #leave(records: number): void {
    this.#left += records
    while (this.#drains[0] !== undefined && this.#drains[0].after <= this.#left) this.#drains.shift()?.resolve()
  }

  #goOn(): void {
    if (this.#drains.length > 0 || this.#batches.length > 0 || this.#isBatchFull()) this.#send()
    else if (this.waiting > 0) this.#timer ??= this.#wakeAfter(this.#options.delayMs)
  }

  #nextBatch(): Batch<T> | undefined {
    const { maxBatchRecords, maxBatchBytes } = this.#options
    let end = this.#head
    let bytes = 0
    while (end < this.#records.length && end - this.#head < maxBatchRecords) {
      const size = this.#sizes[end] as number
      if (end > this.#head && bytes + size > maxBatchBytes) break
      bytes += size
      end++
    }
    if (end === this.#head) return undefined
    const batch = { records: this.#records.slice(this.#head, end), bytes: this.#sizes.slice(this.#head, end) }
    this.#head = end
    this.#waitingBytes -= bytes
    this.#refusedAlone = 0
    this.#forget()
    this.#batches.push(batch)
    this.#options.onTaken(batch.records.length)
    return batch
  }

  /** Lets go of what was read, once that is worth the copy. */
  #forget(): void {
    if (this.#head < this.#records.length / 2) return
    this.#records = this.#records.slice(this.#head)
    this.#sizes = this.#sizes.slice(this.#head)
    this.#head = 0
  }

  #isBatchFull(): boolean {
    return this.waiting >= this.#options.maxBatchRecords || this.#waitingBytes >= this.#options.maxBatchBytes
  }

  #retryDelay(afterMs: number | undefined): number {
    if (afterMs !== undefined) return afterMs
    const limit = this.#drains.length > 0 ? MAX_HURRIED_RETRY_MS : MAX_RETRY_MS
    const delay = Math.min(limit, FIRST_RETRY_MS * 2 ** (this.#attempts - 1))
    return delay * (1 - JITTER + 2 * JITTER * Math.random())
  }

  #wakeAfter(ms: number): NodeJS.Timeout {
    return runInRoot(() => setTimeout(() => this.#send(), ms).unref())
  }
}

function errorTypeOf(outcome: Outcome<'accepted' | 'refused'>): string {
  if (outcome.kind === 'refused') return outcome.errorType ?? OTHER
  return (outcome.rejected ?? 0) > 0 ? REJECTED : SUCCESS
}

function halves<T>({ records, bytes }: Batch<T>): Batch<T>[] {
  const middle = records.length >> 1
  return [
    { records: records.slice(0, middle), bytes: bytes.slice(0, middle) },
    { records: records.slice(middle), bytes: bytes.slice(middle) },
  ]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
