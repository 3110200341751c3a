// pino with a worker of the bridge's own. Unlike pino's plain `transport: { target }` it stands on the main thread too:
// trace context and suppression are taken there, with no mixin to set, and records that are held back never cross.

import { context } from '@opentelemetry/api'
import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import { aLimit, checkOptions } from '../../src/options.ts'
import type { DeliveryResult } from '../../src/pipeline/delivery-queue.ts'
import { DEFAULT_MAX_MAIN_BYTES, ExportThread } from '../../src/pipeline/export-thread.ts'
import { packLine } from '../../src/pipeline/packed-line.ts'
import { threadFile } from '../../src/pipeline/thread-file.ts'
import { type BridgeStats, type DropReason, Funnel } from '../../src/stats.ts'
import { heldBackHere } from './call.ts'
import { METADATA, tellIfContribSends } from './logger.ts'
import type { PinoStream } from './stream.ts'
import { checkTargetOptions, type PinoTargetOptions, targetOptionChecks } from './target.ts'

/** Options of {@link createPinoTransport}: those of the target, and of its end on the main thread. */
export interface PinoTransportOptions extends PinoTargetOptions {
  /** Bytes of lines that wait on the main thread while the export thread is slow or gone. Default 64 MiB. */
  readonly maxMainBytes?: number
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
  const { maxMainBytes = DEFAULT_MAX_MAIN_BYTES, ...target } = checkOptions<PinoTransportOptions>(owner, options, {
    ...targetOptionChecks,
    maxMainBytes: aLimit,
  })
  return new TransportStream(checkTargetOptions(owner, target), maxMainBytes)
}

class TransportStream implements PinoTransport {
  /** By this `pino(stream)` knows a destination from options. */
  readonly writable = true
  /** What pino tells of a call, with {@link METADATA}. */
  lastLogger: object | undefined
  lastObj: unknown
  lastMsg: unknown
  #hasSeenLogger = false
  readonly #honorSuppressTracing: boolean
  readonly #thread: ExportThread
  readonly #funnel = new Funnel()
  /** What the current thread has reported so far. */
  #reported: BridgeStats | undefined

  constructor(options: PinoTargetOptions, maxMainBytes: number) {
    this.#honorSuppressTracing = options.honorSuppressTracing ?? true
    this.#thread = new ExportThread({
      component: 'PinoTransport',
      linesAreRecords: false,
      filename: threadFile(import.meta.url, 'target', 'otel-log-bridge/pino'),
      workerData: options,
      maxMainBytes,
      onReport: ({ stats }) => this.#settle(stats),
      onGone: (lost) => this.#lose(lost),
    })
  }

  /** Asks pino for the logger, until it has been seen. */
  get [METADATA](): boolean {
    return !this.#hasSeenLogger
  }

  write(line: string): void {
    this.#funnel.arrive()
    try {
      if (this.lastLogger !== undefined) this.#see(this.lastLogger)
      const active = context.active()
      const heldBack = heldBackHere(active, this.#honorSuppressTracing)
      if (heldBack !== undefined) {
        this.#funnel.drop(heldBack)
        return
      }
      const refused = this.#thread.write(packLine(line, active))
      if (refused === undefined) return
      this.#funnel.drop(refused === 'full' ? 'overflow' : 'disabled')
      if (refused === 'full') internalLog('error', 'main-full', '1 record dropped: the export thread does not keep up')
    } catch (error) {
      this.#funnel.drop('failed')
      internalLog('error', 'record-failed', `a record could not be bridged: ${reasonOf(error)}`)
    }
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

  #see(logger: object): void {
    this.#hasSeenLogger = true
    // The app's objects are not held.
    this.lastLogger = undefined
    this.lastObj = undefined
    this.lastMsg = undefined
    tellIfContribSends(logger)
  }

  #settle(stats: BridgeStats): void {
    const before = this.#reported
    this.#reported = stats
    this.#funnel.emitted(stats.emitted - (before?.emitted ?? 0))
    for (const reason of Object.keys(stats.dropped) as DropReason[]) {
      this.#funnel.drop(reason, stats.dropped[reason] - (before?.dropped[reason] ?? 0))
    }
  }

  #lose(records: number): void {
    this.#reported = undefined
    this.#funnel.drop('failed', records)
  }
}
