// The queue around an exporter of the app's, in the app's own SDK.

import { internalLog, reasonOf } from '../internal-logger.ts'
import { aLimit, argumentError, checkOptions, isObject, type OptionChecks } from '../options.ts'
import { runExport } from '../suppression.ts'
import type { DeliveryOutcome } from './delivery-queue.ts'
import {
  QueuedLogRecordProcessor,
  type QueuedRecord,
  type QueueOptions,
  queueOptionChecks,
} from './queued-processor.ts'

/** ExportResult of OTel's core. */
interface ExportResult {
  readonly code: number
  readonly error?: unknown
}

/** LogRecordExporter of both SDK generations. */
export interface LogRecordExporter<R = never> {
  export(records: R[], callback: (result: ExportResult) => void): void
  forceFlush?(): Promise<void>
  shutdown(): Promise<void>
}

export interface BufferedLogRecordProcessorOptions extends QueueOptions {
  readonly exporter: LogRecordExporter
  /** For one export, in ms; then it is tried again. Default: `OTEL_BLRP_EXPORT_TIMEOUT`, else 30 000. */
  readonly exportTimeoutMillis?: number
}

const optionChecks: OptionChecks<BufferedLogRecordProcessorOptions> = {
  ...queueOptionChecks,
  exporter: (value) => (isObject(value) && typeof value.export === 'function' ? undefined : 'a LogRecordExporter'),
  exportTimeoutMillis: aLimit,
}

const DEFAULT_EXPORT_TIMEOUT_MS = 30_000
/** Exports of one exporter are never concurrent (OTel specification, LogRecordExporter). */
const LANES = 1
const SUCCESS = 0

const RETRYABLE_HTTP = new Set([408, 429, 502, 503, 504])
const DIVISIBLE_HTTP = new Set([400, 413, 422])
const RETRYABLE_GRPC = new Set([1, 4, 8, 10, 11, 14, 15])
const MAX_GRPC_CODE = 16
const INVALID_ARGUMENT = 3

/**
 * In place of BatchLogRecordProcessor: bounded in bytes instead of 2048 records, retrying for as long as it has room,
 * and exact about what it lost. What the exporter logs is not bridged.
 */
export class BufferedLogRecordProcessor extends QueuedLogRecordProcessor {
  readonly #exporter: LogRecordExporter

  /** @throws TypeError for a wrong or unknown option. */
  constructor(options: BufferedLogRecordProcessorOptions) {
    const {
      exporter,
      exportTimeoutMillis = DEFAULT_EXPORT_TIMEOUT_MS,
      ...queue
    } = checkOptions('BufferedLogRecordProcessor', options, optionChecks)
    if (exporter === undefined) {
      throw argumentError("BufferedLogRecordProcessor: option 'exporter'", 'a LogRecordExporter', exporter)
    }
    super((batch) => exportBatch(exporter, batch, exportTimeoutMillis), queue, LANES)
    this.#exporter = exporter
  }

  override async forceFlush(): Promise<void> {
    await super.forceFlush()
    await this.#call('forceFlush')
  }

  override async shutdown(): Promise<void> {
    await super.shutdown()
    await this.#call('shutdown')
  }

  async #call(method: 'forceFlush' | 'shutdown'): Promise<void> {
    try {
      await runExport(() => this.#exporter[method]?.())
    } catch (error) {
      internalLog('warn', 'exporter', `the exporter's ${method} failed: ${reasonOf(error)}`)
    }
  }
}

function exportBatch(
  exporter: LogRecordExporter,
  batch: readonly QueuedRecord[],
  timeoutMillis: number,
): Promise<DeliveryOutcome> {
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => resolve({ kind: 'retry', reason: `the exporter did not answer within ${timeoutMillis} ms` }),
      timeoutMillis,
    ).unref()
    const settle = (outcome: DeliveryOutcome) => {
      clearTimeout(timer)
      resolve(outcome)
    }
    try {
      exporter.export([...batch] as never[], (result) => settle(outcomeOf(result)))
    } catch (error) {
      settle({ kind: 'refused', divisible: true, reason: reasonOf(error) })
    }
  })
}

/** OTLP exporters give the HTTP status or gRPC code as `error.code`, and network errors the system's name for it. */
function outcomeOf({ code, error }: ExportResult): DeliveryOutcome {
  if (code === SUCCESS) return { kind: 'accepted' }
  const reason = reasonOf(error ?? 'the exporter says that it failed')
  // A programming error, such as one of the encoder, fails on the same record every time.
  if (error instanceof TypeError || error instanceof RangeError) return { kind: 'refused', divisible: true, reason }
  const status: unknown = isObject(error) ? error.code : undefined
  if (typeof status !== 'number') return { kind: 'retry', reason }
  const isGrpc = status <= MAX_GRPC_CODE
  if ((isGrpc ? RETRYABLE_GRPC : RETRYABLE_HTTP).has(status)) return { kind: 'retry', reason }
  return { kind: 'refused', divisible: isGrpc ? status === INVALID_ARGUMENT : DIVISIBLE_HTTP.has(status), reason }
}
