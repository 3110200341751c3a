// Between the SDK's LoggerProvider and an exporter: batches, one export at a time, and no record dropped in silence.
// The SDK's own batch processor keeps 2048 records and says nothing of the rest.

import { context, createContextKey } from '@opentelemetry/api'
import { internalLog, reasonOf } from '../internal-logger.ts'
import { runInRoot } from '../scope.ts'
import { withLogsSuppressed } from '../suppression.ts'

const MAX_BATCH = 512
const MAX_QUEUED = 500_000

export interface ExportResult {
  readonly code: number
  readonly error?: unknown
}

/** LogRecordExporter of both SDK generations, as far as it is used. */
export interface LogRecordExporter {
  export(records: unknown[], callback: (result: ExportResult) => void): void
  forceFlush?(): Promise<void>
  shutdown(): Promise<void>
}

/** ExportResultCode.SUCCESS of OTel's core. */
const SUCCESS = 0
/** Key of OTel's core: where it is set an instrumented HTTP client makes no span of an export. */
const SUPPRESS_TRACING_KEY = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

export class QueueingLogRecordProcessor {
  readonly #exporter: LogRecordExporter
  readonly #delayMs: number
  readonly #queue: unknown[] = []
  #exporting: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param delayMs how long the first record of a batch may wait for others. */
  constructor(exporter: LogRecordExporter, delayMs: number) {
    this.#exporter = exporter
    this.#delayMs = delayMs
  }

  onEmit(record: unknown): void {
    if (this.#queue.length >= MAX_QUEUED) {
      internalLog('error', 'queue-full', `a record was dropped: ${MAX_QUEUED} records wait for the exporter`)
      return
    }
    this.#queue.push(record)
    if (this.#queue.length >= MAX_BATCH) this.#export()
    else this.#timer ??= runInRoot(() => setTimeout(() => this.#export(), this.#delayMs).unref())
  }

  async forceFlush(): Promise<void> {
    while (this.#queue.length > 0 || this.#exporting !== undefined) await this.#export()
    await this.#exporter.forceFlush?.()
  }

  async shutdown(): Promise<void> {
    await this.forceFlush()
    await this.#exporter.shutdown()
  }

  #export(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#exporting ??= this.#exportAll().finally(() => {
      this.#exporting = undefined
    })
    return this.#exporting
  }

  async #exportAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH)
      const result = await this.#exportBatch(batch)
      if (result.code !== SUCCESS) {
        internalLog('error', 'export-failed', `${batch.length} records were not exported: ${reasonOf(result.error)}`)
      }
    }
  }

  #exportBatch(batch: unknown[]): Promise<ExportResult> {
    return new Promise((resolve) => {
      try {
        const untraced = context.active().setValue(SUPPRESS_TRACING_KEY, true)
        withLogsSuppressed(() => context.with(untraced, () => this.#exporter.export(batch, resolve)))
      } catch (error) {
        resolve({ code: 1, error })
      }
    })
  }
}
