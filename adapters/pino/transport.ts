// pino with a worker of the bridge's own. Unlike pino's plain `transport: { target }` it stands on the main thread too:
// trace context and suppression are taken there, with no mixin to set, and records that are held back never cross.

import { context } from '@opentelemetry/api'
import { type DropListener, dropListener, type OnDrop } from '../../src/drop.ts'
import { type Enrichment, type EnrichmentOptions, enrichmentChecks, enrichmentOf } from '../../src/enrichment.ts'
import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import { aFunction, aLimit, checkOptions, definedOnly } from '../../src/options.ts'
import { dropReasonOf } from '../../src/pipeline/counts.ts'
import type { DeliveryResult } from '../../src/pipeline/delivery-queue.ts'
import { DEFAULT_MAX_MAIN_BYTES, ExportThread } from '../../src/pipeline/export-thread.ts'
import { packLine } from '../../src/pipeline/packed-line.ts'
import { threadFile } from '../../src/pipeline/thread-file.ts'
import { type BridgeStats, type DropReason, Funnel } from '../../src/stats.ts'
import { callersOf, heldBackHere } from './call.ts'
import { METADATA, type PinoLogger, tellIfContribSends } from './logger.ts'
import type { PinoStream } from './stream.ts'
import { checkTargetOptions, type OptionsOfTransport, type PinoTargetOptions, targetOptionChecks } from './target.ts'

/** Options of {@link createPinoTransport}: those of the target, and of its end on the main thread. */
export interface PinoTransportOptions extends PinoTargetOptions, EnrichmentOptions {
  /** Bytes of lines that wait on the main thread while the export thread is slow or gone. Default 64 MiB. */
  readonly maxMainBytes?: number
  /**
   * Told of records that are dropped: at once of each that this thread drops; of those that the export thread, its queue
   * (`overflow`) or the collector did not take (`failed`) by their number, when it reports.
   */
  readonly onDrop?: OnDrop
}

/** A pino destination that owns its pipeline. */
export interface PinoTransport extends Omit<PinoStream, 'close' | 'flush'> {
  /** Sends what waits. @returns what became of the records, after `deadlineMillis` (8000) at most. Never rejects. */
  flush(callback?: (error?: Error) => void, deadlineMillis?: number): Promise<DeliveryResult>
  /** Flushes, then ends the thread. @returns what became of the records. Idempotent, never rejects. */
  close(deadlineMillis?: number): Promise<DeliveryResult>
}

/**
 * Makes a pino destination, `pino(options, createPinoTransport())`, that exports from a thread of its own.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export function createPinoTransport(options?: PinoTransportOptions): PinoTransport {
  const owner = 'createPinoTransport'
  const {
    maxMainBytes = DEFAULT_MAX_MAIN_BYTES,
    baggage,
    code,
    onDrop,
    ...target
  } = checkOptions<PinoTransportOptions>(owner, options, {
    ...targetOptionChecks,
    ...enrichmentChecks,
    onDrop: aFunction,
    maxMainBytes: aLimit,
  })
  const enrichment = enrichmentOf(definedOnly({ baggage, code }))
  return new TransportStream(checkTargetOptions(owner, target), maxMainBytes, enrichment, dropListener(onDrop))
}

class TransportStream implements PinoTransport {
  /** By this `pino(stream)` knows a destination from options. */
  readonly writable = true
  /** What pino tells of a call, with {@link METADATA}. */
  lastLogger: PinoLogger | undefined
  lastLevel: number | undefined
  lastObj: unknown
  lastMsg: unknown
  #hasSeenLogger = false
  readonly #honorSuppressTracing: boolean
  readonly #enrichment: Enrichment | undefined
  readonly #addsCode: boolean
  readonly #drops: DropListener | undefined
  readonly #thread: ExportThread
  readonly #funnel = new Funnel()
  /** What the current thread has reported so far. */
  #reported: BridgeStats | undefined

  constructor(
    options: PinoTargetOptions,
    maxMainBytes: number,
    enrichment: Enrichment | undefined,
    drops: DropListener | undefined,
  ) {
    this.#honorSuppressTracing = options.honorSuppressTracing ?? true
    this.#enrichment = enrichment
    this.#addsCode = enrichment?.addsCode === true
    this.#drops = drops
    this.#thread = new ExportThread({
      component: 'PinoTransport',
      linesAreRecords: false,
      // Emitted, as far as the bridge goes.
      onDropped: drops && ((errorType, records) => drops.tell(dropReasonOf(errorType), records)),
      filename: threadFile(import.meta.url, 'target', 'otel-log-bridge/pino'),
      workerData: { ...options, isJudged: true } satisfies PinoTargetOptions & OptionsOfTransport,
      maxMainBytes,
      onReport: ({ stats }) => this.#settle(stats),
      onGone: (lost) => this.#lose(lost),
    })
  }

  /** Asks pino for the logger: until it has been seen, or for each call where that is wanted. */
  get [METADATA](): boolean {
    return this.#addsCode || !this.#hasSeenLogger
  }

  write(line: string): void {
    this.#funnel.arrive()
    let dropped: DropReason | undefined = 'failed'
    try {
      dropped = this.#pass(line)
      if (dropped === 'overflow') {
        internalLog('error', 'main-full', '1 record dropped: the export thread does not keep up')
      }
    } catch (error) {
      internalLog('error', 'record-failed', `a record could not be bridged: ${reasonOf(error)}`)
    }
    if (dropped !== undefined) this.#drop(dropped, 1)
  }

  /** @returns why the line was not taken. */
  #pass(line: string): DropReason | undefined {
    const logger = this.lastLogger
    if (logger !== undefined) this.#see(logger)
    const active = context.active()
    const heldBack = heldBackHere(active, this.#honorSuppressTracing)
    if (heldBack !== undefined) return heldBack
    const callers = this.#addsCode ? callersOf(logger, this.lastLevel, this.write) : undefined
    const refused = this.#thread.write(packLine(line, active, this.#enrichment?.attributesOf(active, callers)))
    return refused && (refused === 'full' ? 'overflow' : 'disabled')
  }

  #drop(reason: DropReason, records: number): void {
    this.#funnel.drop(reason, records)
    this.#drops?.tell(reason, records)
  }

  /** pino tells its destination of its configuration this way; the thread listens. */
  emit(event: string, message: unknown): boolean {
    if (event === 'message') this.#thread.configure(message)
    return event === 'message'
  }

  async flush(callback?: (error?: Error) => void, deadlineMillis?: number): Promise<DeliveryResult> {
    const result = await this.#thread.flush(deadlineMillis)
    const { undelivered } = result
    callback?.(undelivered === 0 ? undefined : new Error(`${undelivered} records are not delivered yet`))
    return result
  }

  end(): void {
    void this.close()
  }

  close(deadlineMillis?: number): Promise<DeliveryResult> {
    return this.#thread.close(deadlineMillis)
  }

  stats(): BridgeStats {
    return this.#funnel.stats()
  }

  #see(logger: PinoLogger): void {
    // The app's objects are not held.
    this.lastLogger = undefined
    this.lastObj = undefined
    this.lastMsg = undefined
    if (this.#hasSeenLogger) return
    this.#hasSeenLogger = true
    tellIfContribSends(logger)
  }

  #settle(stats: BridgeStats): void {
    const before = this.#reported
    this.#reported = stats
    this.#funnel.emitted(stats.emitted - (before?.emitted ?? 0))
    for (const reason of Object.keys(stats.dropped) as DropReason[]) {
      const records = stats.dropped[reason] - (before?.dropped[reason] ?? 0)
      if (records > 0) this.#drop(reason, records)
    }
  }

  #lose(records: number): void {
    this.#reported = undefined
    if (records > 0) this.#drop('failed', records)
  }
}
