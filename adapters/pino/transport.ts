// pino with a worker of the bridge's own. Unlike pino's plain `transport: { target }` it stands on the main thread too:
// trace context and suppression are taken there, with no mixin to set, and records that are held back never cross.

import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Context, context } from '@opentelemetry/api'
import { internalLog, reasonOf } from '../../src/internal-logger.ts'
import { checkOptions } from '../../src/options.ts'
import { type ExportThread, startThread } from '../../src/pipeline/thread.ts'
import { type BridgeStats, type DropReason, Funnel } from '../../src/stats.ts'
import { traceFieldsOf } from '../../src/trace-fields.ts'
import { heldBackBy } from './call.ts'
import type { PinoStream } from './stream.ts'
import { type PinoTargetOptions, pinoTargetOptionChecks, STATS_EVENT } from './target.ts'

/** The worker's file: in the sources and in each build it stands beside this one, with the same extension. */
const TARGET = fileURLToPath(new URL(`./target${extname(fileURLToPath(import.meta.url))}`, import.meta.url))

/**
 * Makes a pino destination, `pino(options, createPinoTransport())`, that exports from a thread of its own.
 *
 * @throws TypeError for a wrong or unknown option.
 */
export function createPinoTransport(options?: PinoTargetOptions): PinoStream {
  return new TransportStream(checkOptions('createPinoTransport', options, pinoTargetOptionChecks))
}

class TransportStream implements PinoStream {
  readonly #honorSuppressTracing: boolean
  readonly #thread: ExportThread
  readonly #funnel = new Funnel()
  /** What the thread has reported so far. */
  #reported: BridgeStats | undefined
  /** Settled when the thread is gone. */
  readonly #gone: Promise<void>
  #ending = false

  constructor(options: PinoTargetOptions) {
    this.#honorSuppressTracing = options.honorSuppressTracing ?? true
    const { promise, resolve } = withResolvers()
    this.#gone = promise
    this.#thread = startThread(TARGET, options, () => {
      this.#loseRest()
      resolve()
    })
    this.#thread.on(STATS_EVENT, (stats: BridgeStats) => this.#settle(stats))
  }

  write(line: string): void {
    this.#funnel.arrive()
    try {
      const active = context.active()
      const heldBack = heldBackBy(active, this.#honorSuppressTracing)
      if (heldBack !== undefined) this.#funnel.drop(heldBack)
      else if (this.#ending || this.#thread.destroyed) this.#fail('the export thread has ended')
      else this.#thread.write(withTraceFields(line, active))
    } catch (error) {
      this.#fail(reasonOf(error))
    }
  }

  /** pino tells its destination of its configuration this way; the thread listens. */
  emit(event: string, message: unknown): boolean {
    return event === 'message' && this.#thread.emit(event, message)
  }

  flush(callback?: (error?: Error) => void): void {
    this.#thread.flush(callback)
  }

  end(): void {
    void this.close()
  }

  async close(): Promise<void> {
    if (!this.#ending) {
      this.#ending = true
      // Without this the event loop would be blocked for as long as the thread takes to send what it holds.
      await new Promise<void>((resolve) => this.#thread.flush(() => resolve()))
      this.#thread.end()
    }
    await this.#gone
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
  }

  #loseRest(): void {
    const { pending } = this.#funnel.stats()
    if (pending === 0) return
    this.#funnel.drop('failed', pending)
    internalLog(
      'error',
      'worker-lost',
      `${pending} records may be lost: the export thread ended before it had read them`,
    )
  }

  #fail(reason: string): void {
    this.#funnel.drop('failed')
    internalLog('error', 'record-failed', `a record could not be bridged: ${reason}`)
  }
}

/** Adds the fields behind the others: the last of a name is the one that counts. */
function withTraceFields(line: string, active: Context): string {
  const fields = traceFieldsOf(active)
  const end = line.lastIndexOf('}')
  if (fields === undefined || end === -1) return line
  const { trace_id, span_id, trace_flags } = fields
  const comma = end === 1 ? '' : ','
  return `${line.slice(0, end)}${comma}"trace_id":"${trace_id}","span_id":"${span_id}","trace_flags":"${trace_flags}"}\n`
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
