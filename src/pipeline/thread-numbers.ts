// The numbers of a pipeline whose queue is in a thread: what each thread has reported, one after the other, and what was
// lost between this end and that one.

import { observeStats, recordDurations } from '../metrics.ts'
import { type Bounded, Component, type ExporterCounts, type Gauges, gaugesOf } from './components.ts'
import { count, growth, QUEUE_FULL, SHUTDOWN, SUCCESS, THREAD_LOST } from './counts.ts'
import type { DeliveryResult } from './delivery-queue.ts'
import type { ThreadReport } from './export-thread.ts'

export interface ThreadNumbersOptions {
  /** `otel.component.type` of the pipeline. */
  readonly component: string
  /** Whether each line is a record that a Logger of ours was given, and not one that the thread's bridge may hold back. */
  readonly linesAreRecords: boolean
  /** Told of records that the pipeline has dropped, by their `error.type`, once they are counted. */
  readonly onDropped?: ((errorType: string, records: number) => void) | undefined
}

/** Of this end. */
export interface Lines {
  /** All that were taken. */
  readonly taken: number
  /** Of them those that no thread has reported yet. */
  readonly outstanding: number
  /** What waits here. */
  readonly handover: Bounded
}

export class ThreadNumbers {
  readonly #linesAreRecords: boolean
  readonly #onDropped: ThreadNumbersOptions['onDropped']
  readonly #lines: () => Lines
  readonly #component: Component
  /** Held here alone: the metrics let go of it with this. */
  readonly #measured = { gauges: () => this.#gauges() }
  /** Of the current thread. */
  #report: ThreadReport | undefined
  #exporter: ExporterCounts | undefined
  /** Lines that are counted as created. */
  #created = 0

  constructor({ component, linesAreRecords, onDropped }: ThreadNumbersOptions, lines: () => Lines) {
    this.#linesAreRecords = linesAreRecords
    this.#onDropped = onDropped
    this.#lines = lines
    this.#component = Component.open(component, true)
    this.#component.measure(this.#measured)
    observeStats()
  }

  take(report: ThreadReport): void {
    const { stats, numbers, durations } = report
    const before = this.#report
    this.#report = report
    this.#exporter = report.exporter && this.#component.exporter(report.exporter)
    growth(numbers.counts.processed, before?.numbers.counts.processed, (...more) => this.#processed(...more))
    growth(numbers.counts.exported, before?.numbers.counts.exported, (...more) => this.#exported(...more))
    const { retried } = this.#component.counts
    growth(numbers.counts.retried, before?.numbers.counts.retried, (...more) => count(retried, ...more))
    if (this.#linesAreRecords) growth(stats.dropped, before?.stats.dropped, (...more) => this.#processed(...more))
    else this.#component.created += stats.emitted - (before?.stats.emitted ?? 0)
    this.#countCreated()
    // Nothing tells when the app registers a MeterProvider.
    observeStats()
    if (this.#exporter !== undefined) recordDurations(this.#component.name, this.#exporter, durations)
  }

  /** A line was not taken. */
  refuse(why: 'full' | 'gone', isClosing: boolean): void {
    if (!this.#linesAreRecords) return
    this.#component.created++
    this.#processed(why === 'full' ? QUEUE_FULL : lossOf(isClosing), 1)
  }

  /** Lines that were taken are given to no thread. */
  loseLines(lines: number, isClosing: boolean): void {
    this.#countCreated()
    if (this.#linesAreRecords) this.#processed(lossOf(isClosing), lines)
  }

  /** The thread is gone with what it had, and with lines that it had not reported. */
  loseThread(lines: number, isClosing: boolean): void {
    const { waiting = 0, inflight = 0 } = this.#report?.numbers ?? {}
    this.#report = undefined
    this.loseLines(lines, isClosing)
    this.#processed(lossOf(isClosing), waiting)
    this.#exported(lossOf(isClosing), inflight)
  }

  tell(result: DeliveryResult): void {
    this.#component.tellDelivery(result)
  }

  close(): void {
    this.#countCreated()
    this.#component.close(this.#measured)
  }

  #processed(errorType: string, records: number): void {
    this.#component.count('processed', errorType, records)
    if (errorType !== SUCCESS) this.#onDropped?.(errorType, records)
  }

  #exported(errorType: string, records: number): void {
    this.#component.count('exported', errorType, records)
    if (this.#exporter !== undefined) count(this.#exporter.exported, errorType, records)
    if (errorType !== SUCCESS) this.#onDropped?.(errorType, records)
  }

  /** Now and then, and not with every line. */
  #countCreated(): void {
    if (!this.#linesAreRecords) return
    const { taken } = this.#lines()
    this.#component.created += taken - this.#created
    this.#created = taken
  }

  #gauges(): Gauges {
    this.#countCreated()
    const { outstanding, handover } = this.#lines()
    const there = this.#report === undefined ? { queued: 0, inflight: 0 } : gaugesOf(this.#report.numbers)
    const queued = there.queued + (this.#linesAreRecords ? outstanding : 0)
    return { ...there, queued, handover, exporter: this.#exporter }
  }
}

function lossOf(isClosing: boolean): string {
  return isClosing ? SHUTDOWN : THREAD_LOST
}
