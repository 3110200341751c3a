// pino with a worker of the bridge's own. Unlike pino's plain `transport: { target }` it stands on the main thread too:
// trace context and suppression are taken there, with no mixin to set, and records that are held back never cross.

import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { context } from '@opentelemetry/api'
import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import { observeStats } from '../../src/metrics.ts'
import { ExportThread } from '../../src/pipeline/thread.ts'
import { type BridgeStats, type DropReason, Funnel } from '../../src/stats.ts'
import { heldBackHere, packLine } from './call.ts'
import type { PinoStream } from './stream.ts'
import { checkTargetOptions, type PinoTargetOptions, STATS_EVENT } from './target.ts'

/** The worker's file: in the sources and in each build it stands beside this one, with the same extension. */
const TARGET = fileURLToPath(new URL(`./target${extname(fileURLToPath(import.meta.url))}`, import.meta.url))

/**
 * Makes a pino destination, `pino(options, createPinoTransport())`, that exports from a thread of its own.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export function createPinoTransport(options?: PinoTargetOptions): PinoStream {
  return new TransportStream(checkTargetOptions('createPinoTransport', options))
}

class TransportStream implements PinoStream {
  /** By this `pino(stream)` knows a destination from options. */
  readonly writable = true
  readonly #honorSuppressTracing: boolean
  readonly #thread: ExportThread
  readonly #funnel = new Funnel()
  /** What the thread has reported so far. */
  #reported: BridgeStats | undefined
  #closed: Promise<void> | undefined

  constructor(options: PinoTargetOptions) {
    this.#honorSuppressTracing = options.honorSuppressTracing ?? true
    this.#thread = new ExportThread(TARGET, options, () => this.#loseRest())
    this.#thread.on(STATS_EVENT, (stats: BridgeStats) => this.#settle(stats))
  }

  write(line: string): void {
    this.#funnel.arrive()
    try {
      const active = context.active()
      const heldBack = heldBackHere(active, this.#honorSuppressTracing)
      if (heldBack !== undefined) this.#funnel.drop(heldBack)
      else if (this.#closed !== undefined) this.#funnel.drop('disabled')
      else if (!this.#thread.writable) this.#fail('the export thread has ended')
      else this.#thread.write(packLine(line, active))
    } catch (error) {
      this.#fail(reasonOf(error))
    }
  }

  /** pino tells its destination of its configuration this way; the thread listens. */
  emit(event: string, message: unknown): boolean {
    return event === 'message' && this.#thread.emit(event, message)
  }

  flush(callback?: (error?: Error) => void): void {
    if (callback === undefined) this.#thread.flush()
    else void this.#thread.flushed().then(callback)
  }

  end(): void {
    void this.close()
  }

  close(): Promise<void> {
    this.#closed ??= this.#thread.stop()
    return this.#closed
  }

  stats(): BridgeStats {
    return this.#funnel.stats()
  }

  #settle(stats: BridgeStats): void {
    const before = this.#reported
    this.#reported = stats
    this.#funnel.emitted(stats.emitted - (before?.emitted ?? 0))
    for (const reason of Object.keys(stats.dropped) as DropReason[]) {
      this.#funnel.drop(reason, stats.dropped[reason] - (before?.dropped[reason] ?? 0))
    }
    observeStats()
  }

  #loseRest(): void {
    const { pending } = this.#funnel.stats()
    if (pending === 0) return
    this.#funnel.drop('failed', pending)
    const records = pending === 1 ? '1 record' : `${pending} records`
    internalLog('error', 'worker-lost', `${records} may be lost: the export thread ended before it reported them`)
  }

  #fail(reason: string): void {
    this.#funnel.drop('failed')
    internalLog('error', 'record-failed', `a record could not be bridged: ${reason}`)
  }
}
