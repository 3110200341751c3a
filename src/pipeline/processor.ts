// Between the SDK's LoggerProvider and an exporter: batches, one export at a time, and no record dropped in silence.
// The SDK's own batch processor keeps 2048 records and says nothing of the rest.

import { internalLog, reasonOf } from '../internal-logger.ts'
import { runInRoot } from '../scope.ts'
import { withLogsSuppressed } from '../suppression.ts'

const MAX_BATCH = 512
const DELAY_MS = 1000
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

export class QueueingLogRecordProcessor {
  readonly #exporter: LogRecordExporter
  #queue: unknown[] = []
  #exporting: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(exporter: LogRecordExporter) {
    this.#exporter = exporter
  }

  onEmit(record: unknown): void {
    if (this.#queue.length >= MAX_QUEUED) {
      internalLog('error', 'queue-full', `a record was dropped: ${MAX_QUEUED} records wait for the exporter`)
      return
    }
    this.#queue.push(record)
    if (this.#queue.length >= MAX_BATCH) this.#export()
    else this.#timer ??= runInRoot(() => setTimeout(() => this.#export(), DELAY_MS).unref())
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
      const batch = this.#queue.slice(0, MAX_BATCH)
      this.#queue = this.#queue.slice(MAX_BATCH)
      const result = await this.#exportBatch(batch)
      if (result.code !== SUCCESS) {
        internalLog('error', 'export-failed', `${batch.length} records were not exported: ${reasonOf(result.error)}`)
      }
    }
  }

  #exportBatch(batch: unknown[]): Promise<ExportResult> {
    return new Promise((resolve) => {
      try {
        withLogsSuppressed(() => this.#exporter.export(batch, resolve))
      } catch (error) {
        resolve({ code: 1, error })
      }
    })
  }
}
